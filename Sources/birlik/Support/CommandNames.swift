import ArgumentParser
import SyncCore

/// The names of all commands, to find out which one a mistyped word means.
enum CommandNames {
  /// What people who know other programs type, and what it is called here.
  private static let synonyms = [
    "add": "set", "edit": "set", "insert": "set", "update": "set", "put": "set", "delete": "remove", "rm": "remove",
    "get": "show", "ls": "list", "start": "serve", "run": "serve", "daemon": "serve", "push": "sync", "pull": "sync",
    "fetch": "sync", "log": "history", "sum": "totals", "total": "totals", "report": "totals", "revert": "undo",
    "setup": "init", "register": "join", "rename": "rekey", "merge": "resolve", "state": "status", "info": "status",
  ]

  /// The failure that a word means which is no command; nil where all words before the first option are.
  ///
  /// `birlik help WORD` and `birlik WORD --help` would else explain the program instead.
  static func failure(in arguments: some Sequence<String>) -> Failure? {
    var words = Array(arguments.prefix { !$0.hasPrefix("-") })
    let isHelp = words.first == "help"
    if isHelp { words.removeFirst() }
    var (command, path): (any ParsableCommand.Type, [String]) = (Birlik.self, ["birlik"])
    for word in words {
      let known = command.configuration.subcommands
      if let next = known.first(where: { names($0).contains(word) }) {
        command = next
        path.append(word)
        continue
      }
      // Other words after a command without subcommands are its arguments, and no part of its name.
      guard isHelp || !known.isEmpty, word != "help" else { return nil }
      return failure(word, after: path, known)
    }
    return nil
  }

  private static func failure(_ word: String, after path: [String], _ known: [any ParsableCommand.Type]) -> Failure {
    let parent = path.joined(separator: " ")
    let meant = suggestions(word, among: known, after: path)
    let hint =
      known.isEmpty
      ? "`birlik help \(path.dropFirst().joined(separator: " "))` explains it" : "`\(parent) --help` lists them"
    return Failure(
      .usage,
      known.isEmpty ? "`\(parent)` has no command '\(word)'" : "there is no command `\(parent) \(word)`",
      hint: meant.isEmpty ? hint : "did you mean \(meant.map { "`\($0)`" }.joined(separator: " or "))? \(hint)")
  }

  /// The commands that a word may mean, the likeliest first; those of other levels only by their exact names.
  private static func suggestions(
    _ word: String, among known: [any ParsableCommand.Type], after path: [String]
  ) -> [String] {
    let word = word.lowercased()
    let parent = path.joined(separator: " ")
    let elsewhere = everywhere(Birlik.self, ["birlik"]).filter { $0.last == word }.map { $0.joined(separator: " ") }
    let here = known.flatMap(names)
    let begun = word.count >= 2 ? here.filter { $0.hasPrefix(word) || word.hasPrefix($0) } : []
    let limit = max(1, word.count / 3)
    let near = here.compactMap { name in
      EditDistance.between(word, name, atMost: limit).map { (name: name, distance: $0) }
    }.sorted { $0.distance < $1.distance }.map(\.name)
    let meant = synonyms[word].map { here.contains($0) ? [$0] : [] } ?? []
    var found: [String] = []
    for name in (near + meant + begun).map({ "\(parent) \($0)" }) + elsewhere where !found.contains(name) {
      found.append(name)
    }
    return Array(found.prefix(2))
  }

  private static func everywhere(_ command: any ParsableCommand.Type, _ path: [String]) -> [[String]] {
    command.configuration.subcommands.flatMap { child in
      names(child).flatMap { [path + [$0]] + everywhere(child, path + [$0]) }
    }
  }

  private static func names(_ command: any ParsableCommand.Type) -> [String] {
    [command.configuration.commandName].compactMap(\.self) + command.configuration.aliases
  }
}
