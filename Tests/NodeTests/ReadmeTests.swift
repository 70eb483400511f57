import Foundation
import TestSupport
import Testing

/// The first hour of the README works as it is written.
@Suite(.timeLimit(.minutes(5))) struct ReadmeTests {
  /// The blocks of the section with that fence: their lines.
  private static func blocks(_ fence: String, of section: String, in readme: String) throws -> [[String]] {
    var lines = readme.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)[...]
    lines = lines.drop { $0 != "## \(section)" }.dropFirst().prefix { !$0.hasPrefix("## ") }
    var blocks: [[String]] = []
    while let start = lines.firstIndex(of: "```\(fence)") {
      let rest = lines[(start + 1)...]
      let end = try #require(rest.firstIndex(of: "```"), "a block is not closed")
      blocks.append(Array(rest[..<end]))
      lines = lines[(end + 1)...]
    }
    return blocks
  }

  @Test("Every command of the first hour succeeds in an empty folder, and prints what the README shows")
  func theFirstHour() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let readme = try String(contentsOf: Repository.folder.appendingPathComponent("README.md"), encoding: .utf8)
    let address = "127.0.0.1:\(try Loopback.freePort())"
    let commands = try Self.blocks("sh", of: "The first hour", in: readme).joined()
      .map { $0.replacing("127.0.0.1:8650", with: address) }
    #expect(commands.count > 20)
    let shown = try Self.blocks("text", of: "The first hour", in: readme)
    #expect(shown.joined().count > 5)

    // The program that was just built is where the README finds the release, and nothing else is there.
    let release = folder.file(".build/release")
    try FileManager.default.createDirectory(atPath: release, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: CommandFolder.program, toPath: release + "/birlik")
    let script = commands.map { command in
      // A person is slower than the server; at most half a minute.
      command.contains("birlik serve")
        ? command + "\nfor i in {1..300}; do grep -q 'listening on' hq.log && break; sleep 0.1; done" : command
    }
    let result = try await folder.start(
      "/usr/bin/timeout",
      ["-k", "5", "180", "bash", "-c", (["set -ex", "trap 'kill $(jobs -p)' EXIT"] + script).joined(separator: "\n")],
      environment: ["HOME": folder.path]
    ).result()
    #expect(result.status == 0, "\(result.errors)")
    // Every block is there, its lines in order, after the one before.
    var rest = result.lines[...]
    for line in shown.joined() {
      guard let place = rest.firstIndex(of: line) else {
        Issue.record("not printed after what comes before it: \(line)\n\(result.output)")
        break
      }
      rest = rest[(place + 1)...]
    }
  }

  @Test("Every command and every option that the README and messages name exists")
  func namesExist() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    var texts = [Repository.folder.appendingPathComponent("README.md")]
    let sources = FileManager.default.enumerator(
      at: Repository.folder.appendingPathComponent("Sources"), includingPropertiesForKeys: nil)
    while let file = sources?.nextObject() as? URL {
      if ["swift", "md"].contains(file.pathExtension) { texts.append(file) }
    }
    var used: [String: Set<String>] = [:]
    for file in texts {
      let text = try String(contentsOf: file, encoding: .utf8)
      let commands =
        text.matches(of: #/`birlik ([a-z][^`]*)`/#).map { $0.1 }
        + text.matches(of: #/\n *(?:abstract: ")?birlik ([a-z][^\n]*)/#).map { $0.1 }
      for command in commands {
        // What a comment or an interpolation says after the words of the command is no part of it.
        let words = command.prefix { $0 != "\\" && $0 != "#" }.split(separator: " ")
        guard let first = words.first.map({ $0.prefix { $0.isLetter || $0 == "-" } }), !first.isEmpty else { continue }
        let second = words.dropFirst().first.map(String.init) ?? ""
        let isGroup = (first == "inbox" || first == "catalog") && second.allSatisfy(\.isLetter)
        let options = words.compactMap { word in word.firstMatch(of: #/^--[a-z][a-z-]+/#).map { String($0.0) } }
        used[isGroup ? "\(first) \(second)" : String(first), default: []].formUnion(options)
      }
    }
    #expect(used.count > 30)
    for (command, options) in used where command != "help" {
      // `inbox` alone lists.
      let words = command == "inbox" ? ["inbox", "list"] : command.split(separator: " ").map(String.init)
      let help = try await folder.good(["help"] + words).output
      #expect(help.contains("USAGE: birlik \(words.joined(separator: " "))"), "\(command)")
      for option in options { #expect(help.contains(option), "birlik \(command) \(option)") }
    }
  }
}
