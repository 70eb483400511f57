import CatalogFiles
import enum Crypto.Curve25519
import Foundation
import Store
import SyncCore
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

  @Test("A hostile observer gets nothing that it may not read and brings nothing that it may not write")
  func hostile() async throws {
    let house = try House()
    let (uz, _, kz) = try await house.joinThree()
    let open = Channel(owner: "fprk", audience: .open)
    try await house.serve {
      try uz.name("ftuu-1", "secret for it")
      _ = try await uz.sync()
      try publish([restricted], house)
      let client = HostileClient(house, as: kz)
      let answer = try await client.exchange().answer()
      #expect(answer.segments.allSatisfy { (try? Segment(bytes: $0))?.header.channel.owner == "otuts" })
      #expect(answer.frontier?.contains { $0.channel.owner == "ftuu" } != true)
      let refused = try await client.exchange(segments: [client.segment(open).bytes]).answer()
      #expect(refused.refusals.count == 1)
      #expect(try house.headquarters.name(of: "hostile-1") == nil)
    }
  }

  @Test("The setting is read from the catalog's files and travels; what is wrong in it is told by line")
  func files() throws {
    let house = try House()
    let folder = try HouseFolder()
    let copy = folder.file("catalog")
    try FileManager.default.copyItem(atPath: House.catalog, toPath: copy)
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
