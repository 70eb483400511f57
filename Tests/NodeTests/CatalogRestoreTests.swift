import enum Crypto.Curve25519
import Logging
import Server
import Store
import SyncCore
import TestSupport
import Testing
import Wire

@testable import Node

/// Headquarters restored to before its present catalog was published.
@Suite(.timeLimit(.minutes(20))) struct CatalogRestoreTests {
  private func publish(_ house: House, _ change: (inout Catalog) -> Void) throws {
    var catalog = try house.headquarters.store.catalog()
    catalog.version += 1
    change(&catalog)
    try house.headquarters.store.adopt(PublishedCatalog.sign(catalog, by: house.headquarters.store.identity.key))
  }

  @Test("Whoever syncs first brings the catalog back, an observer that it restricts too", arguments: [true, false])
  func broughtBack(byObserver: Bool) async throws {
    var house = try House()
    let (uz, _, kz) = try await house.joinThree()
    try await house.serve {
      try uz.name("ftuu-1", "x")
      for node in [uz, kz] { #expect(try await node.sync().outcome == .even) }
    }
    try house.keepHeadquarters(as: "old.db")
    try await house.serve { [house] in
      try publish(house) { $0.observers = [Observer(federation: "fprk", readsMembers: false, writesOpen: false)] }
      for node in [uz, kz] { #expect(try await node.sync().outcome == .even) }
    }
    let later = try house.headquarters.store.publishedCatalog()
    try house.putHeadquartersBack("old.db")
    #expect(try house.headquarters.store.catalog().version < later.catalog.version)
    let order = byObserver ? [kz, uz] : [uz, kz]
    try await house.serve { [house] in
      // What nobody may see before the catalog is back.
      try house.headquarters.name("otuts-1", "x")
      let report = try await order[0].sync()
      #expect(report.outcome == .even)
      #expect(report.notices.contains { $0.contains("brought its catalog") }, "\(report.notices)")
      #expect(try house.headquarters.store.publishedCatalog() == later)
      #expect(try house.headquarters.store.status().notice?.contains("a member brought the catalog") == true)
      let other = try await order[1].sync()
      #expect(other.outcome == .even && !other.notices.contains { $0.contains("catalog") })
      for node in order { #expect(try await node.sync().rounds == 1) }
    }
    for node in [house.headquarters, uz, kz] { #expect(try node.store.verify().problems == []) }
  }

  @Test("A catalog that headquarters did not sign, or an earlier one, is not taken")
  func refused() async throws {
    let house = try House()
    let service = try Headquarters(house.headquarters.store, logger: .init(label: "test"))
    let before = try house.headquarters.store.publishedCatalog()
    var catalog = before.catalog
    catalog.version += 1
    let stranger = try PublishedCatalog.sign(catalog, by: Curve25519.Signing.PrivateKey())
    let node = house.headquarters.store.identity.node
    #expect(await service.restoreCatalog(stranger.bytes, from: node).status == 400)
    #expect(await service.restoreCatalog([], from: node).status == 400)
    #expect(await service.restoreCatalog(before.bytes, from: node).status == 200)
    #expect(try house.headquarters.store.publishedCatalog() == before)
    #expect(try house.headquarters.store.status().notice == nil)
  }
}
