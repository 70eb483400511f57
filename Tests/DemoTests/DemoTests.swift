import Foundation
import Node
import Synchronization
import TestSupport
import Testing

@testable import Demo

@Suite(.serialized, .timeLimit(.minutes(20))) struct DemoTests {
  private final class Lines: Sendable {
    let all = Mutex<[String]>([])
    /// Without the wrapping of long lines.
    var text: String {
      all.withLock { $0.joined(separator: " ").split(separator: " ", omittingEmptySubsequences: true) }
        .joined(separator: " ")
    }
  }

  @Test func theWholeStoryComesOutAsItShould() async throws {
    let folder = try TemporaryFolder()
    let lines = Lines()
    let isGood = try await Demo.run(scale: 0.002, keep: nil, temporary: folder.path) { line in
      lines.all.withLock { $0.append(line) }
    }
    let text = lines.text
    #expect(isGood, "\(lines.all.withLock { $0.joined(separator: "\n") })")
    #expect(text.hasSuffix("Everything is as it should be."))
    // The consolidated table.
    #expect(text.contains("residual 6,138,674"))
    #expect(text.contains("declared by members 8,861,326"))
    #expect(text.contains("claimed by OTUTS 15,000,000"))
    // 113,174, 16,178 and 7,779 organizations at the scale, and all of them reported.
    #expect(text.contains("226 226 100.0 %"))
    #expect(text.contains("together 15,698 8,861,326"))
    // Conflicts.
    #expect(text.contains("a membership_return ftuu-000001/2025-10-31/territorial, counts shown"))
    #expect(text.contains("rule owner: the owning federation's entry is shown, whoever was later"))
    #expect(text.contains("rule headquarters: headquarters' entry is shown, whoever was later"))
    #expect(text.contains("attended shown 134 (Samarkand,"))
    #expect(text.contains("j org_unit ftuk-000002 shown kept (Headquarters,"))
    #expect(text.contains("Each lists exactly what headquarters lists of them."))
    #expect(text.contains("it is closed at headquarters, in Tashkent and in Samarkand"))
    // Contradictions.
    for figure in ["31.3 %", "18.5 %", "72.1 %", "27.9 %", "137,131", "about 2,000,000", "168,000", "32,495"] {
      #expect(text.contains(figure), "\(figure) is missing")
    }
    #expect(text.contains("full seat in 2 of 2 bodies"))
    // Equality.
    #expect(!text.contains("DIFFER") && !text.contains("NOT"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func keptFilesOpenWithTheShell() async throws {
    let folder = try TemporaryFolder(isMade: false)
    #expect(try await Demo.run(scale: 0.0005, keep: folder.path) { _ in })
    let path = folder.file("headquarters.db")
    #expect(
      try SQLiteShell.answer(path, "SELECT value FROM figure WHERE unit='otuts' AND measure='members'") == "15000000")
    #expect(try SQLiteShell.answer(path, "SELECT count(*) FROM membership_return WHERE federation='ftuk'") == "4")
    #expect(try SQLiteShell.answer(path, "PRAGMA integrity_check") == "ok")
    let samarkand = folder.file("samarkand.db")
    #expect(try SQLiteShell.answer(samarkand, "SELECT count(*) FROM member") == "3")
    // What is there is not written over.
    await #expect(throws: NodeError.self) { try await Demo.run(scale: 0.0005, keep: folder.path) { _ in } }
    #expect(try SQLiteShell.answer(path, "PRAGMA integrity_check") == "ok")
  }

  @Test(arguments: [0, -1, 1.5, .nan]) func scalesOutOfRangeAreRefused(_ scale: Double) async {
    await #expect(throws: NodeError.self) { try await Demo.run(scale: scale, keep: nil) { _ in } }
  }

  @Test(arguments: [(5_700_000, 113_174), (523_144, 7_779), (7, 3), (0, 5), (3, 100)])
  func partsAddUpToTheWhole(_ whole: Int64, _ count: Int) {
    let parts = DemoTree.split(whole, into: count, seed: "ftuu")
    #expect(parts.count == count)
    #expect(parts.reduce(0, +) == whole)
    #expect(parts.allSatisfy { $0 >= 0 })
    #expect(parts == DemoTree.split(whole, into: count, seed: "ftuu"))
  }
}
