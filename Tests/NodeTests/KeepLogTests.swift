import CatalogFiles
import Foundation
import Settings
import Store
import SyncCore
import TestSupport
import Testing

@testable import Node

/// What of the log a node keeps, over real syncs.
@Suite(.timeLimit(.minutes(5))) struct KeepLogTests {
  /// Drops everything that headquarters holds.
  private func drop(_ node: LocalNode, _ house: House) throws {
    let held = try house.headquarters.store.frontier(visibleTo: node.store.identity.role)
    #expect(try node.store.dropBodies(sealedBefore: Int64.max, heldBy: held).segments > 0)
  }

  @Test("A sync drops what is older than the settings keep, and only after both sides are in sync")
  func afterSync() async throws {
    let house = try House()
    var (uz, office, _) = try await house.joinThree()
    uz.keepLog = .days(1)
    let day: Int64 = 86_400_000
    try uz.name("ftuu-1", "old")
    // Sealed three days ago, by a node that had joined before.
    try uz.store.setClockOffset(0, now: SystemClock.now() - 4 * day)
    try uz.store.seal(now: SystemClock.now() - 3 * day)
    try uz.name("ftuu-2", "new")
    await #expect(throws: (any Error).self) { _ = try await uz.sync() }
    #expect(try uz.store.logSummary().prunedSegments == 0)
    try await house.serve { [uz] in
      let report = try await uz.sync()
      #expect(report.outcome == .even && report.cannotGive.isEmpty)
      #expect(try uz.store.logSummary().prunedSegments == 1 && uz.store.logSummary().segments == 2)
      try office.name("ftuu-1", "by the office")
      for node in [office, uz] { #expect(try await node.sync().outcome == .even) }
      #expect(try uz.isSame(as: house.headquarters) && uz.name(of: "ftuu-1") == "by the office")
    }
    for node in [uz, house.headquarters] { #expect(try node.store.verify().problems == []) }
  }

  @Test(
    "A headquarters rebuilt empty is not reported in sync by a node that cannot give all back, and the node reports why"
  )
  func emptied() async throws {
    var house = try House()
    try house.keepHeadquarters(as: "empty.db")
    let (uz, office, _) = try await house.joinThree()
    try await house.serve { [house] in
      try uz.name("ftuu-1", "a")
      try office.name("ftuu-2", "b")
      try uz.link("ftuu-1", "home")
      for node in [uz, office, uz] { _ = try await node.sync() }
      try drop(uz, house)
    }
    try house.putHeadquartersBack("empty.db")
    try await house.serve { [house] in
      try uz.name("ftuu-3", "typed since")
      let report = try await uz.sync()
      #expect(report.outcome == .partial && report.sent.changes == 0)
      #expect(report.cannotGive.count == 3, "\(report.cannotGive)")
      #expect(report.cannotGive.contains("change 1 of ftuu/Samarkand in ftuu:open"))
      #expect(try uz.store.cannotGive()?.contains("ftuu:home") == true)
      #expect(try uz.store.status().lastSync?.outcome == "partial")
      // Another member has it all.
      #expect(try await office.sync().outcome == .even)
      let again = try await uz.sync()
      #expect(again.outcome == .even && again.cannotGive.isEmpty)
      #expect(try uz.store.cannotGive() == nil)
      #expect(try uz.isSame(as: house.headquarters) && house.headquarters.name(of: "ftuu-3") == "typed since")
    }
    for node in [house.headquarters, uz, office] { #expect(try node.store.verify().problems == []) }
  }

  @Test("Branches meet although the stem is not kept here")
  func branches() async throws {
    let house = try House()
    var (uz, _, _) = try await house.joinThree()
    try await house.serve { [uz] in
      for step in 0..<3 {
        try uz.name("ftuu-\(step)", "stem")
        _ = try await uz.sync()
      }
    }
    uz = try house.keep(uz, as: "clone.db")
    try FileManager.default.copyItem(
      atPath: uz.store.path + ".key", toPath: house.folder.file("clone.db") + ".key")
    let clone = try LocalNode.open(database: house.folder.file("clone.db"))
    try drop(uz, house)
    for (node, name) in [(uz, "mine"), (clone, "clone")] {
      try node.name("ftuu-1", name)
      // Before anybody notices.
      try node.store.seal()
    }
    try await house.serve { [uz] in
      for node in [clone, uz, clone, uz] {
        let report = try await node.sync()
        #expect(report.outcome == .even)
      }
      for node in [uz, clone] { #expect(try node.isSame(as: house.headquarters)) }
      #expect(try uz.store.openConflictCount() == 1)
    }
    for node in [house.headquarters, uz, clone] { #expect(try node.store.verify().problems == []) }
  }

  @Test("The settings are applied by the command, and refused at headquarters in one sentence")
  func commands() async throws {
    let folder = try CommandFolder()
    defer { folder.remove() }
    let headquarters = try await CommandHeadquarters.make(in: folder, figures: [])
    try folder.write("keep_log = 30\n", to: "birlik.toml")
    let refused = try await folder.run("serve", "--database", "hq.db", "--config", "birlik.toml")
    #expect(refused.status == 78 && refused.errors.contains("headquarters keeps its whole log"))
    let server = try await headquarters.serve()
    defer { server.stop() }
    try await headquarters.join("uz.db", "ftuu")
    try await folder.good("set", "org_unit", "ftuu-1", "name=a", "--database", "uz.db")
    try await folder.good("sync", "--database", "uz.db", "--config", "birlik.toml")
    let status = try await folder.good("status", "--database", "uz.db", "--json").json()
    #expect(status["segments"] == 1 && status["segments_not_kept"] == 0)
  }
}
