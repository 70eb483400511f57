import enum Crypto.Curve25519
import SyncCore
import Testing
import Wire

@testable import Store

/// Snapshots that are not taken, and those that arrive in parts.
@Suite struct SnapshotRefusalTests {
  private func filled() throws -> (house: House, hq: TestNode, uz: TestNode, office: TestNode) {
    let house = try House()
    let hq = try house.add("otuts")
    let uz = try house.add("ftuu")
    for number in 0..<20 { try uz.type("INSERT INTO org_unit(code, name) VALUES('u\(number)', 'Name \(number)')") }
    try uz.type("UPDATE org_unit SET name='Again' WHERE code='u3'")
    try Exchange.sync(uz, hq)
    return (house, hq, uz, try house.add("ftuu", office: "Samarkand"))
  }

  /// Everything of a node that a refused snapshot must not have changed.
  private func stand(_ node: TestNode) throws -> [[String]] {
    try node.rows(["kind", "hex(key)", "hex(state)"], "birlik_head ORDER BY 1, 2")
      + node.rows(["hex(hash)"], "birlik_segment ORDER BY id") + node.rows(["code", "name"], "org_unit ORDER BY 1")
      + node.rows(["name", "hex(tip)"], "birlik_stream JOIN birlik_channel ON birlik_channel.id=channel ORDER BY 1, 2")
      + node.rows(["kind", "k1"], "birlik_capture ORDER BY seq")
  }

  /// A manifest with other pages, signed by whom the test wants.
  private func signed(
    _ manifest: SnapshotManifest, _ pages: [[UInt8]], federation: String = "ftuu", frontier: [FrontierEntry]? = nil,
    by key: Curve25519.Signing.PrivateKey
  ) throws -> SnapshotManifest {
    let entries = pages.enumerated().map { number, bytes -> SnapshotManifest.Page in
      let content = manifest.pages.indices.contains(number) ? manifest.pages[number].content : 1
      return SnapshotManifest.Page(size: bytes.count, content: content, digest: Digest(sha256: bytes))
    }
    return try SnapshotManifest.issue(
      federation: federation, takenAt: 1, catalogVersion: 1, frontier: frontier ?? manifest.frontier, pages: entries,
      by: key)
  }

  private func bring(_ manifest: SnapshotManifest, _ pages: [[UInt8]], to node: TestNode) throws {
    try node.store.beginSnapshot(manifest)
    for (number, page) in pages.enumerated() { try node.store.storePage(page, number: number, of: manifest) }
    _ = try node.store.installSnapshot()
  }

  @Test("A cut after any page, with the node closed meanwhile, loses no page and no edit")
  func cutEverywhere() throws {
    let (house, hq, uz, _) = try filled()
    let (manifest, pages) = try Snapshots.take(from: hq, for: uz, pageBytes: 200)
    #expect(pages.count > 4)
    let office = try house.add("ftuu", office: "Bukhara")
    try office.store.beginSnapshot(manifest)
    for (number, page) in pages.enumerated() {
      #expect(try office.store.pendingSnapshot()?.missing == number)
      #expect(try office.store.wantsSnapshot())
      #expect(throws: StoreError.self) { try office.store.installSnapshot() }
      try office.type("INSERT INTO org_unit(code) VALUES('own\(number)')")
      try office.store.storePage(page, number: number, of: manifest)
      // The same again, as after an answer that was lost.
      try office.store.storePage(page, number: number, of: manifest)
      try office.store.close()
      try office.open()
    }
    #expect(try office.store.pendingSnapshot() == Store.PendingSnapshot(manifest: manifest, missing: nil))
    #expect(try office.store.installSnapshot().records == 20)
    try Exchange.settle(hq, [office, uz])
    try expectEqual(uz, office)
    #expect(try hq.count("org_unit") == 20 + pages.count)
    #expect(try office.store.verify().problems == [])
  }

  @Test("Another snapshot in the middle takes over the pages that are the same")
  func another() throws {
    let (house, hq, uz, office) = try filled()
    defer { withExtendedLifetime(house) {} }
    let (first, pages) = try Snapshots.take(from: hq, for: uz, pageBytes: 200)
    try office.store.beginSnapshot(first)
    for (number, page) in pages.enumerated() { try office.store.storePage(page, number: number, of: first) }
    try uz.type("UPDATE org_unit SET name='Later' WHERE code='u9'")
    try Exchange.sync(uz, hq)
    let (second, _) = try Snapshots.take(from: hq, for: uz, pageBytes: 200)
    try office.store.beginSnapshot(second)
    let held = try office.count("birlik_piece")
    #expect(held > 0 && held < pages.count)
    #expect(try office.store.pendingSnapshot()?.missing != nil)
    #expect(try office.count("birlik_snapshot") == 1)
    try Snapshots.carry(from: hq, to: office)
    try expectEqual(uz, office)
  }

  @Test("What headquarters did not sign, or made for others, is refused and changes nothing")
  func strangers() throws {
    let (house, hq, uz, office) = try filled()
    defer { withExtendedLifetime(house) {} }
    try office.type("INSERT INTO org_unit(code) VALUES('own')")
    let (manifest, pages) = try Snapshots.take(from: hq, for: uz, pageBytes: 200)
    let before = try stand(office)
    // Signed by a member, by another headquarters, and for another federation.
    let forged = [
      try signed(manifest, pages, by: uz.identity.key), try signed(manifest, pages, by: House.key(77)),
      try signed(manifest, pages, federation: "fturk", by: hq.identity.key),
    ]
    for manifest in forged {
      #expect(throws: (any Error).self) { try bring(manifest, pages, to: office) }
      #expect(try stand(office) == before)
      #expect(try office.count("birlik_snapshot") == 0 && office.count("birlik_piece") == 0)
    }
    #expect {
      try hq.store.beginSnapshot(manifest)
    } throws: {
      ($0 as? StoreError)?.detail == "headquarters takes heads from nobody"
    }
  }

  @Test("A snapshot that headquarters signed but that is not whole or not true is refused and changes nothing")
  func broken() throws {
    let (house, hq, uz, office) = try filled()
    defer { withExtendedLifetime(house) {} }
    try office.type("INSERT INTO org_unit(code) VALUES('own')")
    let (manifest, pages) = try Snapshots.take(from: hq, for: uz, pageBytes: 200)
    let tr = try house.add("fturk")
    try tr.type(#"INSERT INTO org_link(child, axis, valid_from) VALUES('t', 'territorial', '2026-01-01')"#)
    try Exchange.sync(tr, hq)
    let (others, otherPages) = try Snapshots.take(from: hq, for: tr, pageBytes: 200)
    let key = try hq.identity.key
    let swapped = Array(pages.reversed())
    let contents = Array(manifest.pages.reversed())
    let reversed = try SnapshotManifest.issue(
      federation: "ftuu", takenAt: 1, catalogVersion: 1, frontier: manifest.frontier, pages: contents, by: key)
    var altered = pages
    altered[1][altered[1].count - 1] ^= 1
    let cases: [(String, SnapshotManifest, [[UInt8]])] = [
      ("a frontier of others", try signed(manifest, pages, frontier: [], by: key), pages),
      ("heads before streams", reversed, swapped),
      ("no streams", try signed(manifest, [], by: key), []),
      (
        "another's home", try signed(others, otherPages, frontier: others.frontier, by: key), otherPages
      ),
      ("an altered page", try signed(manifest, altered, by: key), altered),
    ]
    let before = try stand(office)
    for (name, manifest, pages) in cases {
      #expect(throws: (any Error).self, "\(name)") { try bring(manifest, pages, to: office) }
      #expect(try stand(office) == before, "\(name)")
      try office.store.declineSnapshot()
      #expect(try office.count("birlik_piece") == 0 && !office.store.wantsSnapshot())
    }
    // Pages that differ from the manifest never get in.
    try office.store.beginSnapshot(manifest)
    #expect(throws: WireError.self) { try office.store.storePage(altered[1], number: 1, of: manifest) }
    #expect(throws: WireError.self) { try office.store.storePage(pages[0], number: 1, of: manifest) }
    #expect(try office.count("birlik_piece") == 0)
    // And the log is as good as ever.
    try office.store.declineSnapshot()
    try Exchange.settle(hq, [office, uz])
    try expectEqual(uz, office)
  }

  @Test("A header that its author did not sign is found even where headquarters signed the snapshot")
  func forgedSkeleton() throws {
    let (house, hq, uz, office) = try filled()
    defer { withExtendedLifetime(house) {} }
    let (manifest, pages) = try Snapshots.take(from: hq, for: uz)
    for (number, bytes) in pages.enumerated() {
      guard case .skeleton(var entries) = try SnapshotPage(bytes: bytes, manifest.pages[number]) else { continue }
      entries[0].sealedAt += 1
      let (forged, entry) = try SnapshotPage.skeleton(entries).packed()
      var all = manifest.pages
      all[number] = entry
      var changed = pages
      changed[number] = forged
      let other = try SnapshotManifest.issue(
        federation: "ftuu", takenAt: 1, catalogVersion: 1, frontier: manifest.frontier, pages: all,
        by: hq.identity.key)
      #expect {
        try bring(other, changed, to: office)
      } throws: {
        ($0 as? WireError)?.code == .badSignature
      }
    }
    #expect(try office.count("birlik_head") == 0)
  }

  @Test("A snapshot that was taken before a federation became an observer is offered no more")
  func observer() throws {
    let (house, hq, uz, _) = try filled()
    defer { withExtendedLifetime(house) {} }
    hq.clock = House.start
    let now = House.start
    let other = try house.add("kfik")
    try other.type("INSERT INTO org_unit(code, name) VALUES('k', 'Open')")
    try Exchange.sync(other, hq)
    let before = try #require(try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now }))
    var catalog = try hq.store.catalog()
    catalog.version += 1
    catalog.observers = [Observer(federation: "ftuu", readsMembers: false, writesOpen: true)]
    try hq.store.adopt(House.sign(catalog))
    let role = try hq.store.role(of: uz.identity.card)
    #expect(try hq.store.snapshotPages(before.name, from: 0, limit: 1 << 20, now: now) == nil)
    let after = try #require(try hq.store.offerSnapshot(to: role, insists: true, now: { now }))
    #expect(after.frontier.allSatisfy { role.mayRead($0.channel) })
    #expect(before.frontier.count > after.frontier.count)
  }

  @Test("Headquarters offers the one it took lately, keeps it for those who fetch it, and forgets the rest")
  func shelf() throws {
    let (house, hq, uz, _) = try filled()
    defer { withExtendedLifetime(house) {} }
    hq.clock = House.start
    var now = House.start
    // The log is short.
    #expect(try hq.store.offerSnapshot(to: uz.role, insists: false, now: { now }) == nil)
    let first = try #require(try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now }))
    now += SnapshotPolicy.offerTime - 1
    #expect(try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now })?.name == first.name)
    #expect(try hq.store.offerSnapshot(to: uz.role, insists: false, now: { now }) == nil)
    let other = try #require(
      try hq.store.offerSnapshot(to: NodeRole(isHeadquarters: false, federation: "fturk"), insists: true, now: { now }))
    #expect(other.name != first.name)
    now += 2
    let second = try #require(try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now }))
    #expect(second.name != first.name)
    #expect(try hq.store.snapshotPages(first.name, from: 0, limit: 1)?.pages.count == 1)
    // Whoever goes on with the first one keeps it alive.
    now += 4 * 86_400_000
    #expect(try hq.store.snapshotPages(first.name, from: 0, limit: 1, now: now) != nil)
    now += 4 * 86_400_000
    _ = try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now })
    #expect(try hq.store.snapshotPages(first.name, from: 0, limit: 1 << 20, now: now) != nil)
    #expect(try hq.store.snapshotPages(second.name, from: 0, limit: 1, now: now) == nil)
    for _ in 0..<(SnapshotPolicy.count + 3) {
      now += SnapshotPolicy.offerTime + 1
      _ = try hq.store.offerSnapshot(to: uz.role, insists: true, now: { now })
    }
    #expect(try hq.count("birlik_snapshot") == SnapshotPolicy.count)
    let manifests = try hq.blobs("manifest", "birlik_snapshot").map {
      try SnapshotManifest(bytes: $0, signedBy: hq.identity.headquarters)
    }
    let named = Set(manifests.flatMap(\.pages).map(\.digest))
    #expect(try hq.count("birlik_piece") == named.count)
  }

  @Test("Too many edits meanwhile make headquarters begin anew, and at last report that it is busy")
  func busy() throws {
    let (house, hq, uz, _) = try filled()
    defer { withExtendedLifetime(house) {} }
    var steps = 0
    #expect {
      let maker = SnapshotMaker(hq.store, for: uz.role, amendmentLimit: 3) {
        steps += 1
        try hq.type("UPDATE org_unit SET name='step \(steps)' WHERE code<='u14'")
      }
      _ = try maker.make { House.start }
    } throws: {
      ($0 as? StoreError)?.code == .busy
    }
    #expect(steps > 6)
  }
}
