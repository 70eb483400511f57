import SyncCore
import TestSupport
import Testing

/// What is printed for a person to copy reaches the program as it was meant.
@Suite struct ShellWordsTests {
  private static let texts = [
    "", "plain", "it's", "\"so\"", "-x", "--keep", "$HOME", "`id`", "\\n", "100 %s", "a\nb", "\n a", "tab\there",
    "é e\u{301}",
    "\u{202E}turned", "\u{85}", "*", "a=b", "a;b&c|d", "'", "''", "🙂", "\u{1B}[31m", "%%", "\\047",
  ]

  @Test("A quoted word is one line that shows every character, and a shell reads it back", arguments: texts)
  func quoted(text: String) throws {
    let word = ShellWords.quoted(text)
    #expect(!word.unicodeScalars.contains(where: ShellWords.isUnprintable), "\(word)")
    let read = try Program.runBlocking("sh", ["-c", "printf '<%s>' \(word)"])
    #expect(read.output == "<\(text)>" && read.status == 0, "\(word)")
    let option = try Program.runBlocking("sh", ["-c", "printf '<%s>' \(ShellWords.option("--take", text))"])
    #expect(option.output == (text.hasPrefix("-") ? "<--take=\(text)>" : "<--take><\(text)>"))
  }

  @Test("Words that look like options come after two dashes; what no command line can hold gives no command")
  func commands() {
    #expect(ShellWords.command("show", ["k", "a b"], options: " --json") == "birlik show k 'a b' --json")
    #expect(ShellWords.command("show", ["k", "-a"], options: " --json") == "birlik show --json -- k -a")
    for impossible in ["a\0b", "ends with a line feed\n", String(repeating: "x", count: 200_000)] {
      #expect(ShellWords.command("show", ["k", impossible], options: "") == nil)
    }
  }
}
