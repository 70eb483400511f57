import Limits
import SyncCore
import Wire

/// Reads a whole snapshot before anything of it is installed: every page, every signature, every head.
struct SnapshotCheck {
  private let manifest: SnapshotManifest
  private let role: NodeRole
  private let headquarters: [UInt8]
  private var skeleton = SnapshotSkeleton()
  private var cards: [NodeID: NodeCard] = [:]
  private var hasHeads = false
  private var amended = 0

  /// - Parameters:
  ///   - role: of the node that wants to install it.
  ///   - headquarters: the 32 bytes of its public key.
  init(_ manifest: SnapshotManifest, role: NodeRole, headquarters: [UInt8]) {
    self.manifest = manifest
    self.role = role
    self.headquarters = headquarters
  }

  /// Looks at the next page.
  ///
  /// - Throws: `StoreError` with code `damaged`, or `WireError`, for one that does not belong to a proper snapshot.
  mutating func check(_ page: SnapshotPage) throws {
    switch page {
    case .cards(let all):
      for bytes in all {
        let card = try NodeCard(bytes: bytes, signedBy: headquarters)
        cards[card.id] = card
      }
    case .skeleton(let entries):
      guard !hasHeads else { throw broken("its streams come after its heads") }
      for entry in entries { try check(try skeleton.segment(entry)) }
    case .heads(let entries), .amendments(let entries):
      hasHeads = true
      if case .amendments = page { amended += entries.count }
      guard amended <= WireLimits.snapshotAmendments else { throw broken("too much changed while it was taken") }
      for entry in entries {
        guard role.mayRead(entry.channel) else { throw broken("it holds records that this node may not read") }
        guard entry.state.allClocks({ skeleton.holds($0) }) else { throw broken("a head belongs to no stream of it") }
      }
    }
  }

  /// Checks that nothing is missing.
  func finish() throws {
    guard skeleton.frontier == manifest.frontier else { throw broken("its streams are not those of its manifest") }
  }

  private func check(_ segment: PrunedSegment) throws {
    let header = segment.header
    guard role.mayRead(header.channel) else { throw broken("it holds a channel that this node may not read") }
    guard let card = cards[header.origin.node] else { throw broken("the author of a segment is not known") }
    guard card.role.mayWrite(header.channel) else {
      throw broken("the author of a segment may not write the channel \(header.channel)")
    }
    try segment.verify(publicKey: card.publicKey)
  }

  private func broken(_ detail: String) -> StoreError {
    StoreError(
      .damaged, "checking a snapshot", detail, hint: "nothing of it was installed; the log is fetched in its place")
  }
}
