import Foundation
import Limits
import Store
import SyncCore
import TestSupport
import Testing
import Transport
import Wire

@testable import Node

/// Whole syncs over real HTTP with a headquarters in this process.
@Suite(.timeLimit(.minutes(20))) struct ExchangeTests {
  @Test("A few edits go both ways, then one round reports nothing new")
  func fewEditsBothWays() async throws {
    let house = try House()
    let (uz, office, kz) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "Tashkent")
      try uz.link("ftuu-1", "home")
      try house.headquarters.name("otuts-1", "Headquarters")
      try office.name("ftuu-2", "Samarkand")
      try kz.link("fprk-1", "secret")
      let first = try await uz.sync()
      #expect(first.outcome == .even && first.sent.changes == 2 && first.received.changes == 1)
      #expect(first.refusals.isEmpty && first.notices.isEmpty && first.conflictsOpened == 0)
      for node in [office, kz, uz, office, kz] {
        let report = try await node.sync()
        #expect(report.outcome == .even)
      }
      for node in [uz, office, kz] {
        let again = try await node.sync()
        #expect(again.outcome == .even && again.rounds == 1)
        #expect(again.sent == .init() && again.received == .init())
        #expect(try node.isSame(as: house.headquarters))
        #expect(try node.name(of: "otuts-1") == "Headquarters" && node.name(of: "ftuu-2") == "Samarkand")
      }
      #expect(try office.field("org_link", "ftuu-1/territorial/2026-01-01", "remark") == "home")
      #expect(try kz.store.record(kind: "org_link", key: "ftuu-1/territorial/2026-01-01") == nil)
      #expect(try kz.store.status().frontier.allSatisfy { kz.store.identity.role.mayRead($0.channel) })
      #expect(try house.headquarters.field("org_link", "fprk-1/territorial/2026-01-01", "remark") == "secret")
      #expect(try uz.store.status().unsent == 0)
    }
    for node in [house.headquarters, uz, office, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("Headquarters' own edits reach the nodes, sealed or not, and edits of one record meet")
  func headquartersEdits() async throws {
    let house = try House()
    let (uz, office, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "first")
      _ = try await uz.sync()
      _ = try await office.sync()
      try uz.name("ftuu-1", "by the federation")
      try office.name("ftuu-1", "by the office")
      try house.headquarters.name("otuts-1", "not sealed yet")
      _ = try await uz.sync()
      let report = try await office.sync()
      #expect(report.conflictsOpened == 1)
      _ = try await uz.sync()
      for node in [house.headquarters, uz, office] { #expect(try node.store.openConflictCount() == 1) }
      #expect(try uz.name(of: "ftuu-1") == office.name(of: "ftuu-1"))
      #expect(try uz.name(of: "otuts-1") == "not sealed yet")
      try uz.store.resolve(kind: "org_unit", key: "ftuu-1", field: "name", decision: .keep)
      for node in [uz, office, uz] { _ = try await node.sync() }
      for node in [house.headquarters, uz, office] { #expect(try node.store.openConflictCount() == 0) }
      #expect(try uz.isSame(as: house.headquarters) && office.isSame(as: house.headquarters))
    }
  }

  @Test("Offices that sync at the same time end in sync")
  func concurrentOffices() async throws {
    let house = try House()
    let (uz, office, kz) = try await house.joinThree()
    try await house.serve {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for (number, node) in [uz, office, kz].enumerated() {
          tasks.addTask {
            for step in 0..<6 {
              try node.name("\(number == 2 ? "fprk" : "ftuu")-\(step % 2)", "\(number) \(step)")
              _ = try await node.sync()
            }
          }
        }
        try await tasks.waitForAll()
      }
      for node in [uz, office, kz, uz, office, kz] {
        let report = try await node.sync()
        #expect(report.outcome == .even)
      }
      for node in [uz, office, kz] { #expect(try node.isSame(as: house.headquarters)) }
    }
  }

  @Test("Two syncs of one node at the same time disturb nobody")
  func concurrentSyncsOfOneNode() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try await house.serve {
      for step in 0..<30 { try uz.name("ftuu-\(step)", "step \(step)") }
      let other = try LocalNode.open(database: uz.store.path)
      async let first = uz.sync()
      async let second = other.sync()
      #expect(try await first.outcome == .even)
      #expect(try await second.outcome == .even)
      #expect(try uz.isSame(as: house.headquarters) && other.isSame(as: house.headquarters))
      #expect(try house.headquarters.name(of: "ftuu-29") == "step 29")
    }
  }

  @Test("A node whose clock is a year off learns the time and goes on", arguments: [-1, 1] as [Int64])
  func wrongClock(direction: Int64) async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    let year: Int64 = 365 * 86_400_000
    // What the node signs with is its clock and the offset last measured: as if it had jumped since.
    try uz.store.setClockOffset(direction * year)
    try await house.serve {
      try uz.name("ftuu-1", "from another year")
      let report = try await uz.sync()
      #expect(report.outcome == .even)
      #expect(abs(try uz.store.clockOffset()) < WireLimits.clockToleranceSeconds * 1000)
      let entry = try #require(try house.headquarters.store.history(kind: "org_unit", key: "ftuu-1").first)
      #expect(abs(entry.at - SystemClock.now()) < year / 2, "it was sealed only after the clocks were compared")
    }
  }

  @Test("Headquarters away is unreachable; nothing is lost, and the next sync is complete")
  func headquartersAway() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try uz.name("ftuu-1", "while away")
    await #expect {
      _ = try await uz.sync()
    } throws: {
      ($0 as? TransportError)?.code == .unreachable
    }
    let status = try uz.store.status()
    #expect(status.lastSync?.outcome == "failed" && status.unsealed == 1)
    try await house.serve {
      let report = try await uz.sync()
      #expect(report.outcome == .even && report.sent.changes == 1)
      #expect(try house.headquarters.name(of: "ftuu-1") == "while away")
    }
  }

  @Test("A shell that holds headquarters' file makes it busy, and nothing is lost")
  func busyHeadquarters() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try await house.serve {
      let shell = try SQLiteShell(house.headquarters.store.path)
      defer { shell.close() }
      try shell.send("BEGIN IMMEDIATE;")
      // Reading goes on.
      #expect(try await uz.sync().outcome == .even)
      try uz.name("ftuu-1", "patient")
      await #expect {
        _ = try await uz.sync()
      } throws: {
        ($0 as? NodeError)?.code == .busy
      }
      try shell.send("ROLLBACK;")
      let report = try await uz.sync()
      #expect(report.outcome == .even && report.sent.changes == 1)
      #expect(try uz.isSame(as: house.headquarters))
      #expect(try house.headquarters.name(of: "ftuu-1") == "patient")
    }
  }

  @Test("A later catalog is followed at the next sync, with edits in flight before it")
  func catalogAdoption() async throws {
    let house = try House()
    let (uz, _, _) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "before")
      _ = try await uz.sync()
      try uz.name("ftuu-1", "typed under the old catalog")
      try uz.link("ftuu-1", "too")

      var catalog = try house.headquarters.store.catalog()
      catalog.version += 1
      let kind = try #require(catalog.kinds.firstIndex { $0.name == "org_unit" })
      catalog.kinds[kind].fields.append(Field(id: 40, name: "nickname", type: .text))
      try house.headquarters.store.adopt(
        PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key))
      _ = try house.headquarters.store.edit(kind: "org_unit", key: "otuts-1", values: [("nickname", "HQ")])

      let report = try await uz.sync()
      #expect(report.outcome == .even && report.sent.changes == 2)
      #expect(report.notices.contains { $0.contains("version \(catalog.version)") })
      #expect(try uz.store.catalog() == catalog)
      #expect(try uz.field("org_unit", "otuts-1", "nickname") == "HQ")
      #expect(try house.headquarters.name(of: "ftuu-1") == "typed under the old catalog")
      _ = try uz.store.edit(kind: "org_unit", key: "ftuu-1", values: [("nickname", "Toshkent")])
      _ = try await uz.sync()
      #expect(try house.headquarters.field("org_unit", "ftuu-1", "nickname") == "Toshkent")
      #expect(try uz.isSame(as: house.headquarters))
    }
    for node in [house.headquarters, uz] { #expect(try node.store.verify().problems == []) }
  }
}
