import Foundation
import Store
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Node

/// Files that go back in time: nothing is lost, nobody is reported in sync wrongly.
@Suite(.timeLimit(.minutes(20))) struct RestoreTests {
  @Test("Headquarters restored from a copy gets back from its members what it lost", arguments: [false, true])
  func restoredHeadquarters(keepsState: Bool) async throws {
    var house = try House()
    let (uz, office, kz) = try await house.joinThree()
    try await house.serve { [house] in
      try uz.name("ftuu-1", "old")
      try house.headquarters.name("otuts-1", "old")
      for node in [uz, office, kz] { _ = try await node.sync() }
    }
    try house.keepHeadquarters(as: "old.db")
    try await house.serve { [house] in
      try uz.name("ftuu-1", "new")
      try uz.link("ftuu-1", "new")
      try kz.name("fprk-1", "new")
      try house.headquarters.name("otuts-1", "new")
      for node in [uz, kz, office, uz] { _ = try await node.sync() }
    }
    try house.putHeadquartersBack("old.db", keepsState: keepsState)
    // Its clerk goes on typing before anybody came.
    try house.headquarters.name("otuts-2", "typed after the restoration")
    try house.headquarters.store.seal()
    try await house.serve { [house] in
      let report = try await office.sync()
      #expect(report.outcome == .even && report.sent.changes > 0, "a member gives back what others wrote")
      #expect(try house.headquarters.name(of: "otuts-1") == "new" && house.headquarters.name(of: "ftuu-1") == "new")
      for node in [uz, kz, office, uz] {
        let report = try await node.sync()
        #expect(report.outcome == .even)
        #expect(try node.isSame(as: house.headquarters))
      }
      #expect(try house.headquarters.name(of: "fprk-1") == "new")
      #expect(try kz.name(of: "otuts-2") == "typed after the restoration")
      #expect(try house.headquarters.store.status().notice?.contains("restored") == true)
      #expect(try house.headquarters.field("org_link", "ftuu-1/territorial/2026-01-01", "remark") == "new")
      // It seals under another identity now, and that reaches everybody.
      let before = try house.headquarters.origins
      try house.headquarters.name("otuts-3", "under a new identity")
      #expect(try await uz.sync().outcome == .even)
      // With its state file it had taken the new one before its clerk typed.
      #expect(try house.headquarters.origins.count == before.count + (keepsState ? 0 : 1))
      #expect(try uz.name(of: "otuts-3") == "under a new identity")
    }
    for node in [house.headquarters, uz, office, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("A headquarters that forgot its members knows them again by their cards")
  func forgottenMembers() async throws {
    var house = try House()
    try house.keepHeadquarters(as: "empty.db")
    let (uz, office, kz) = try await house.joinThree()
    try await house.serve { [house] in
      try uz.name("ftuu-1", "a")
      try office.name("ftuu-2", "b")
      try kz.link("fprk-1", "c")
      for node in [uz, office, kz, uz] { _ = try await node.sync() }
      try house.headquarters.name("otuts-1", "d")
      _ = try await kz.sync()
    }
    try house.putHeadquartersBack("empty.db")
    try await house.serve { [house] in
      // The one gives back the other's edits, with the other's card.
      let report = try await uz.sync()
      #expect(report.outcome == .even && report.sent.changes == 2)
      #expect(try house.headquarters.name(of: "ftuu-2") == "b")
      for node in [kz, office, uz] {
        let report = try await node.sync()
        #expect(report.outcome == .even)
      }
      for node in [uz, office, kz] { #expect(try node.isSame(as: house.headquarters)) }
      #expect(try house.headquarters.name(of: "otuts-1") == "d" && uz.name(of: "otuts-1") == "d")
    }
  }

  /// Text that hardly packs.
  private func noise(_ count: Int, _ seed: UInt64) -> String {
    var state = seed
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    let bytes = (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return letters[Int(state >> 58)]
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("Branches behind a stem of several batches come together")
  func forkBehindALongStem() async throws {
    var house = try House()
    let (uz, office, _) = try await house.joinThree()
    try await house.serve { [house] in
      for step in 0..<4 as Range<UInt64> {
        for row in 0..<16 as Range<UInt64> {
          try house.headquarters.name("otuts-\(step)-\(row)", noise(65_000, step * 16 + row))
        }
        try house.headquarters.store.seal()
      }
      #expect(try await uz.sync().outcome == .even)
    }
    try house.keepHeadquarters(as: "old.db")
    try await house.serve { [house] in
      for step in 0..<2 {
        try house.headquarters.name("otuts-\(step)", "lost \(step)")
        _ = try await uz.sync()
      }
    }
    for typed in 0..<3 {
      try house.putHeadquartersBack("old.db")
      for step in 0..<typed {
        try house.headquarters.name("otuts-\(step)", "typed after the restoration \(typed) \(step)")
        try house.headquarters.store.seal()
      }
      try await house.serve { [house] in
        let report = try await uz.sync()
        #expect(report.outcome == .even && report.rounds < 20, "\(typed): \(report)")
        // Without a fork headquarters' frontier is enough; with one the stem goes over again, batch by batch.
        #expect(typed == 0 ? report.sent.bytes < 10_000 : report.sent.bytes > 2 << 20, "\(typed): \(report)")
        #expect(try uz.isSame(as: house.headquarters))
        // An empty node takes it all in batches.
        let whole = try await office.sync()
        #expect(whole.outcome == .even)
        #expect(try office.isSame(as: house.headquarters))
      }
    }
  }

  @Test(
    "A restored node notices, takes a fresh origin and loses nothing", arguments: [false, true], [false, true])
  func restoredNode(sealsFirst: Bool, keepsState: Bool) async throws {
    let house = try House()
    var (uz, office, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "old")
      _ = try await uz.sync()
      uz = try house.keep(uz, as: "old.db")
      try uz.name("ftuu-1", "new")
      try uz.link("ftuu-1", "new")
      _ = try await uz.sync()
      let before = try uz.origins

      uz = try house.putBack("old.db", for: uz, keepsState: keepsState)
      // With its state file it knows before anybody is asked.
      #expect(try uz.store.status().notice?.contains("state file") ?? false == keepsState)
      try uz.name("ftuu-2", "typed after the restoration")
      if sealsFirst { try uz.store.seal() }
      let report = try await uz.sync()
      #expect(report.outcome == .even)
      #expect(report.notices.contains { $0.contains("restored or copied") } == !keepsState)
      #expect(try uz.store.status().notice?.contains("restored") == true)
      #expect(try uz.name(of: "ftuu-1") == "new" && uz.name(of: "ftuu-2") == "typed after the restoration")
      #expect(try uz.field("org_link", "ftuu-1/territorial/2026-01-01", "remark") == "new")
      try uz.name("ftuu-3", "goes on")
      let later = try await uz.sync()
      #expect(later.outcome == .even && later.notices.isEmpty)
      #expect(try uz.origins.count == before.count + 1)
      _ = try await office.sync()
      for node in [uz, office] { #expect(try node.isSame(as: house.headquarters)) }
      #expect(try office.name(of: "ftuu-3") == "goes on" && office.name(of: "ftuu-2") != nil)
    }
    for node in [house.headquarters, uz, office] { #expect(try node.store.verify().problems == []) }
  }

  @Test("Edits captured in a backup and sealed since are sealed once", arguments: [false, true], [false, true])
  func capturedInBackup(keepsState: Bool, withCatalog: Bool) async throws {
    let house = try House()
    var (uz, office, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "first")
      _ = try await uz.sync()
      try uz.name("ftuu-1", "captured in the backup")
      uz = try house.keep(uz, as: "old.db")
      _ = try await uz.sync()
      try uz.name("ftuu-1", "later")
      _ = try await uz.sync()
      let before = try uz.store.history(kind: "org_unit", key: "ftuu-1").count
      if withCatalog {
        var catalog = try house.headquarters.store.catalog()
        catalog.version += 1
        try house.headquarters.store.adopt(
          PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key))
      }
      uz = try house.putBack("old.db", for: uz, keepsState: keepsState)
      try uz.name("ftuu-2", "typed after the restoration")
      #expect(try await uz.sync().outcome == .even)
      #expect(try await office.sync().outcome == .even)
      for node in [uz, office, house.headquarters] {
        #expect(try node.name(of: "ftuu-1") == "later")
        #expect(try node.name(of: "ftuu-2") == "typed after the restoration")
        #expect(try node.store.openConflictCount() == 0)
        #expect(try node.store.history(kind: "org_unit", key: "ftuu-1").count == before)
      }
      if withCatalog {
        #expect(try uz.store.catalog().version == house.headquarters.store.catalog().version)
      }
    }
  }

  @Test("A restored node that meets a later catalog seals nothing under its old origin")
  func restoredNodeAndCatalog() async throws {
    let house = try House()
    var (uz, _, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "old")
      _ = try await uz.sync()
      uz = try house.keep(uz, as: "old.db")
      try uz.name("ftuu-1", "new")
      _ = try await uz.sync()
      var catalog = try house.headquarters.store.catalog()
      catalog.version += 1
      try house.headquarters.store.adopt(
        PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key))
      uz = try house.putBack("old.db", for: uz)
      try uz.name("ftuu-2", "typed after the restoration")
      #expect(try await uz.sync().outcome == .even)
      let entry = try #require(try uz.store.history(kind: "org_unit", key: "ftuu-2").first)
      #expect(entry.sequence == 1, "it begins a new stream")
      #expect(try uz.isSame(as: house.headquarters))
    }
  }

  @Test("Two living copies of one node both go on")
  func clones() async throws {
    let house = try House()
    var (uz, _, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "stem")
      _ = try await uz.sync()
      uz = try house.keep(uz, as: "clone.db")
      try FileManager.default.copyItem(
        atPath: KeyFile(beside: uz.store.path).file.path,
        toPath: KeyFile(beside: house.folder.file("clone.db")).file.path)
      let clone = try LocalNode.open(database: house.folder.file("clone.db"))
      for step in 0..<3 {
        for (name, node) in [("left", uz), ("right", clone)] {
          try node.name("ftuu-\(name)", "\(step)")
          if step == 1 { try node.store.seal() }
          let report = try await node.sync()
          #expect(report.outcome == .even)
        }
      }
      #expect(try await uz.sync().outcome == .even)
      for node in [uz, clone] {
        #expect(try node.isSame(as: house.headquarters))
        #expect(try node.name(of: "ftuu-left") == "2" && node.name(of: "ftuu-right") == "2")
      }
    }
  }

  @Test("A segment damaged in the node's own log is refused, reported once, and the sync ends")
  func damagedLog() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try uz.name("ftuu-1", "damaged")
    try uz.store.seal()
    try uz.name("ftuu-2", "built on it")
    let shell = try SQLiteShell(uz.store.path)
    try shell.send("UPDATE birlik_segment SET bytes=CAST(substr(bytes, 1, length(bytes) - 1) || x'ff' AS BLOB);")
    shell.close()
    try await house.serve {
      let report = try await uz.sync()
      #expect(report.outcome == .partial && report.rounds < 10)
      #expect(report.refusals.count == 1)
      #expect(try house.headquarters.store.status().frontier.isEmpty)
      #expect(try uz.store.status().lastSync?.outcome == "partial")
    }
  }
}
