import SyncCore
import Wire

@testable import Store

/// A snapshot of heads on its way, without the network.
enum Snapshots {
  /// Takes a snapshot at headquarters for a node.
  ///
  /// - Parameter pause: what others do between two steps.
  static func take(
    from headquarters: TestNode, for node: TestNode, pageBytes: Int = SnapshotMaker.usualPage,
    pause: @escaping () throws -> Void = {}
  ) throws -> (manifest: SnapshotManifest, pages: [[UInt8]]) {
    let maker = SnapshotMaker(headquarters.store, for: node.role, pageBytes: pageBytes, pause: pause)
    let manifest = try maker.make { headquarters.clock ?? SystemClock.now() }
    return (manifest, try manifest.pages.map { try headquarters.page($0.digest) })
  }

  /// Brings a snapshot to a node and takes it over there.
  @discardableResult
  static func carry(
    from headquarters: TestNode, to node: TestNode, pageBytes: Int = SnapshotMaker.usualPage,
    pause: @escaping () throws -> Void = {}
  ) throws -> SnapshotReport {
    let (manifest, pages) = try take(from: headquarters, for: node, pageBytes: pageBytes, pause: pause)
    try node.store.beginSnapshot(manifest)
    for (number, page) in pages.enumerated() { try node.store.storePage(page, number: number, of: manifest) }
    return try node.store.installSnapshot(now: node.clock ?? SystemClock.now())
  }
}
