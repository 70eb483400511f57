import CatalogFiles
import enum Crypto.Curve25519
import Foundation
import Store
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Node

/// What an observer may do is a setting of the catalog, held to on both sides.
@Suite(.timeLimit(.minutes(20))) struct ObserverTests {
  private func publish(_ observers: [Observer], _ house: House) throws {
    var catalog = try house.headquarters.store.catalog()
    catalog.version += 1
    catalog.observers = observers
    try house.headquarters.store.adopt(PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key))
  }

  private let restricted = Observer(federation: "fprk", readsMembers: false, writesOpen: false)

  @Test("An observer reads its own and headquarters' records; its edits of open ones are put before headquarters")
  func restrictions() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "before")
      _ = try await uz.sync()
      #expect(try await kz.sync().outcome == .even)
      try publish([restricted], house)
      try house.headquarters.name("otuts-1", "for all")
      _ = try await uz.sync()
      try uz.name("ftuu-2", "after")
      _ = try await uz.sync()
      #expect(try await kz.sync().outcome == .even)
      #expect(try await kz.sync().outcome == .even)
      #expect(try kz.name(of: "otuts-1") == "for all")
      #expect(try kz.name(of: "ftuu-2") == nil)
      try kz.name("fprk-1", "open to all")
      try kz.link("fprk-1", "its own")
      #expect(try await kz.sync().outcome == .even)
      #expect(try kz.name(of: "fprk-1") == nil)
      let proposals = try house.headquarters.store.proposals()
      #expect(proposals.count == 1 && proposals[0].key == "fprk-1")
      _ = try house.headquarters.store.accept(try #require(proposals.first).id)
      _ = try await uz.sync()
      #expect(try await kz.sync().outcome == .even)
      #expect(try kz.name(of: "fprk-1") == "open to all" && uz.name(of: "fprk-1") == "open to all")
      #expect(try house.headquarters.field("org_link", "fprk-1/territorial/2026-01-01", "remark") == "its own")

      // Rights come back with a later catalog, and with them what was kept from it.
      try publish([], house)
      #expect(try await kz.sync().outcome == .even)
      #expect(try kz.name(of: "ftuu-2") == "after")
    }
    for node in [house.headquarters, uz, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("What an observer sealed before it heard that it may not is unsendable, reported and proposed to headquarters")
  func unsendable() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let hq = house.headquarters
    try await house.serve {
      for key in ["fprk-1", "fprk-2", "fprk-3"] { try kz.name(key, "before") }
      _ = try await kz.sync()
      try kz.name("fprk-1", "sealed")
      try kz.store.remove(kind: "org_unit", key: "fprk-2")
      try kz.name("fprk-4", "new")
      // As by a sync whose line broke after it had sealed.
      #expect(try kz.store.seal().changes == 3)
      try kz.name("fprk-3", "captured")
      try publish([restricted], house)

      #expect(try await kz.sync().outcome == .even)
      let again = try await kz.sync()
      #expect(again.outcome == .even && again.rounds == 1 && again.sent.changes == 0 && again.refusals.isEmpty)
      let status = try kz.store.status()
      #expect(status.unsendable == 3 && status.unsent == 0 && status.refused == 4)
      let items = try kz.store.inbox()
      #expect(items.count == 4 && items.filter(\.isUnsendable).map(\.key).sorted() == ["fprk-1", "fprk-2", "fprk-4"])
      #expect(items.allSatisfy { $0.proposal != nil && $0.proposal?.decision == nil })
      let leaving = try await kz.egress(asks: true, limit: 9)
      #expect(leaving.summary.changes == 0 && leaving.stay.refused.count == 4)
      #expect(try await kz.egress(asks: false, limit: 9).summary.changes == 0)
      #expect(try await kz.dryRunSync().sent.changes == 0)
      let folder = try CommandFolder()
      defer { folder.remove() }
      let words = try await folder.good("status", "--database", kz.store.path)
      #expect(
        words.output.contains(
          "  not sendable   3 changes: the catalog does not let fprk write records that all members read"))
      let told = try await folder.good("inbox", "--peek", "--database", kz.store.path)
      #expect(told.lines.count { $0.hasPrefix("  not sent   the ") && $0.contains("stands here alone") } == 3)
      #expect(told.lines.count { $0.hasPrefix("  proposed   to headquarters as ") } == 4, "\(told.output)")

      // What is unsendable is still shown where it was typed, and nowhere else.
      #expect(try kz.name(of: "fprk-1") == "sealed" && kz.name(of: "fprk-3") == "before")
      #expect(try hq.name(of: "fprk-1") == "before" && hq.name(of: "fprk-2") == "before")
      let open = try hq.store.proposals()
      #expect(open.map(\.key).sorted() == ["fprk-1", "fprk-2", "fprk-3", "fprk-4"])
      #expect(open.allSatisfy { !$0.isOvertaken })
      #expect(Set(open.map { "\($0.key) \($0.operation)" }).isSuperset(of: ["fprk-2 delete", "fprk-4 insert"]))

      // Everything else goes both ways, and the others are in sync without these segments.
      try kz.link("fprk-1", "its own")
      try hq.name("fprk-5", "by headquarters")
      for node in [kz, uz] { #expect(try await node.sync().outcome == .even) }
      #expect(try hq.field("org_link", "fprk-1/territorial/2026-01-01", "remark") == "its own")
      #expect(try kz.name(of: "fprk-5") == "by headquarters" && uz.isSame(as: hq))

      for key in ["fprk-1", "fprk-2"] {
        _ = try hq.store.accept(try #require(open.first { $0.key == key }).id)
      }
      _ = try hq.store.decline(try #require(open.first { $0.key == "fprk-4" }).id, reason: "no such union")
      for node in [kz, uz] { #expect(try await node.sync().outcome == .even) }
      #expect(try uz.name(of: "fprk-1") == "sealed" && uz.name(of: "fprk-2") == nil && uz.name(of: "fprk-4") == nil)
      let decided = try kz.store.inbox()
      #expect(decided.first { $0.key == "fprk-4" }?.proposal?.reason == "no such union")
      #expect(decided.first { $0.key == "fprk-1" }?.proposal?.decision == .accepted)
    }
    for node in [hq, uz, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("When the right is given back, what was unsendable is sent and its proposals are withdrawn")
  func givenBack() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let hq = house.headquarters
    try await house.serve {
      try kz.name("fprk-1", "before")
      _ = try await kz.sync()
      try kz.name("fprk-1", "sealed")
      try kz.name("fprk-2", "new")
      try kz.store.seal()
      try publish([restricted], house)
      #expect(try await kz.sync().outcome == .even)
      #expect(try hq.store.proposals().count == 2)
      _ = try hq.store.decline(try #require(hq.store.proposals().first { $0.key == "fprk-2" }).id, reason: "no")
      try publish([], house)
      for node in [kz, uz] { #expect(try await node.sync().outcome == .even) }
      #expect(try hq.name(of: "fprk-1") == "sealed" && uz.name(of: "fprk-2") == "new")
      #expect(try hq.store.proposals() == [] && kz.isSame(as: hq) && uz.isSame(as: hq))
      let status = try kz.store.status()
      #expect(status.unsendable == 0 && status.unsent == 0 && status.refused == 0)
      #expect(try kz.store.inbox(includingSeen: true).allSatisfy { $0.standing == .settled })

      // It may be taken again, and the same edit may be made again.
      try kz.name("fprk-1", "sealed again")
      try kz.store.seal()
      try publish([restricted], house)
      #expect(try await kz.sync().outcome == .even)
      #expect(try kz.store.status().unsendable == 1 && hq.store.proposals().map(\.key) == ["fprk-1"])
    }
    for node in [hq, uz, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("What a headquarters restored from a backup lost of an observer is no new proposal")
  func restoredHeadquarters() async throws {
    var house = try House()
    let (uz, _, kz) = try await house.joinThree()
    try house.keepHeadquarters(as: "backup.db")
    try await house.serve {
      try kz.name("fprk-1", "taken")
      _ = try await kz.sync()
      _ = try await uz.sync()
    }
    try house.putHeadquartersBack("backup.db")
    try await house.serve {
      try publish([restricted], house)
      #expect(try await kz.sync().outcome == .even)
      #expect(try house.headquarters.store.proposals() == [] && kz.store.status().unsendable == 1)
      // Another member gives it back.
      for node in [uz, kz] { #expect(try await node.sync().outcome == .even) }
      #expect(try house.headquarters.name(of: "fprk-1") == "taken" && kz.store.status().unsendable == 0)
      #expect(try kz.isSame(as: house.headquarters))
    }
  }

  @Test("A hostile observer gets nothing that it may not read and brings nothing that it may not write")
  func hostile() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let open = Channel(owner: "fprk", audience: .open)
    try await house.serve {
      try uz.name("ftuu-1", "secret for it")
      _ = try await uz.sync()
      try publish([restricted], house)
      let client = try HostileClient(house, as: kz)
      let answer = try await client.exchange().answer()
      #expect(answer.segments.allSatisfy { (try? Segment(bytes: $0))?.header.channel.owner == "otuts" })
      #expect(answer.frontier?.contains { $0.channel.owner == "ftuu" } != true)
      let refused = try await client.exchange(segments: [client.segment(open).bytes]).answer()
      #expect(refused.refusals.count == 1)
      #expect(try house.headquarters.name(of: "hostile-1") == nil)
    }
  }

  @Test("The setting is read from the catalog's files and travels; what is wrong in it is reported by line")
  func files() throws {
    let house = try House()
    let folder = try TemporaryFolder()
    let copy = folder.file("catalog")
    try FileManager.default.copyItem(atPath: Repository.catalog.path, toPath: copy)
    let main = copy + "/catalog.toml"
    let text = try String(contentsOfFile: main, encoding: .utf8)
    func write(_ more: String) throws {
      try (text + more).write(to: URL(fileURLWithPath: main), atomically: true, encoding: .utf8)
    }
    try write("\n[observers.ftuk]\nreads = \"members\"\n[observers.abc]\nwrites = \"open\"\n")
    let catalog = try CatalogFolder.load(copy)
    #expect(
      catalog.observers == [
        Observer(federation: "abc", readsMembers: false, writesOpen: true),
        Observer(federation: "ftuk", readsMembers: true, writesOpen: false),
      ])
    let key = try KeyFile(beside: house.headquarters.store.path).read()
    let signed = try PublishedCatalog.sign(catalog, by: key)
    let read = try PublishedCatalog(bytes: signed.bytes, signedBy: Array(key.publicKey.rawRepresentation))
    #expect(read.catalog == catalog)
    try write("\n[observers.ftuk]\nreads = \"all\"\n[observers.\"A B\"]\nmay = 1\n")
    let findings = CatalogFolder.check(copy)
    let words = findings.map { "\($0)" }.joined(separator: "\n")
    #expect(words.contains("`reads` is all") && words.contains("A B") && words.contains("may"), "\(words)")
  }
}
