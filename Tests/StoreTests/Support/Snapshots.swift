import SyncCore
import Wire

@testable import Store

/// A snapshot of heads on its way, without the network.
enum Snapshots {
  /// Takes a snapshot at headquarters for a node.
  ///
  /// - Parameter pause: what others do between two steps.
  static func take(
    from headquarters: TestNode, for node: TestNode, pieceBytes: Int = SnapshotMaker.usualPiece,
    pause: @escaping () throws -> Void = {}
  ) throws -> (manifest: SnapshotManifest, pieces: [[UInt8]]) {
    let maker = SnapshotMaker(headquarters.store, for: node.role, pieceBytes: pieceBytes, pause: pause)
    let manifest = try maker.make { headquarters.clock ?? Wall.now() }
    let pieces = try headquarters.store.read { engine in
      try manifest.pieces.map { try engine.piece($0.digest) ?? [] }
    }
    return (manifest, pieces)
  }

  /// Brings a snapshot to a node and takes it over there.
  @discardableResult
  static func carry(
    from headquarters: TestNode, to node: TestNode, pieceBytes: Int = SnapshotMaker.usualPiece,
    pause: @escaping () throws -> Void = {}
  ) throws -> SnapshotReport {
    let (manifest, pieces) = try take(from: headquarters, for: node, pieceBytes: pieceBytes, pause: pause)
    try node.store.beginSnapshot(manifest)
    for (number, piece) in pieces.enumerated() { try node.store.keepPiece(piece, number: number, of: manifest) }
    return try node.store.installSnapshot(now: node.clock ?? Wall.now())
  }
}
