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
    let shown = try Self.blocks("text", of: "The first hour", in: readme).joined()
    #expect(shown.count > 5)

    // The program that was just built is where the README finds the release.
    let release = folder.file(".build/release")
    try FileManager.default.createDirectory(atPath: folder.file(".build"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(
      atPath: release, withDestinationPath: URL(fileURLWithPath: CommandFolder.program).deletingLastPathComponent().path
    )
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
    for line in shown { #expect(result.lines.contains(line), "\(line)\n\(result.output)") }
  }
}
