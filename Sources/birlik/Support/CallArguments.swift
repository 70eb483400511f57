import Glibc

/// What the program was called with.
struct CallArguments {
  /// For the parser.
  let words: [String]
  /// Whether the answer, and what is wrong, is for a program.
  let asksForJSON: Bool

  init(_ given: [String]) {
    var words: [String] = []
    var rest = given[...]
    while let word = rest.popFirst() {
      // A file may have a name that looks like an option.
      if ["--database", "--config"].contains(word), let name = rest.first, Self.isFile(name) {
        words.append("\(word)=\(name)")
        rest = rest.dropFirst()
        continue
      }
      words.append(word)
      if word == "--" {
        words += rest
        break
      }
    }
    self.words = words
    // Before `--`, where options end.
    asksForJSON = given.prefix { $0 != "--" }.contains("--json")
  }

  /// Whether a word that looks like an option is rather the name of a file.
  private static func isFile(_ word: String) -> Bool {
    guard word.hasPrefix("-") else { return false }
    return access(word, F_OK) == 0 || !word.hasPrefix("--") && word != "-h" && word != "-"
  }
}
