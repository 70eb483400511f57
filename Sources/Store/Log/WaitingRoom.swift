import Limits
import SyncCore
import Wire

/// How many segments wait for one that they build on, and how large they are.
struct WaitingRoom: Equatable {
  private struct Share: Equatable {
    var segments = 0
    var bytes = 0

    func holds(_ size: Int, segments mostSegments: Int, bytes mostBytes: Int) -> Bool {
      segments < mostSegments && size <= mostBytes - bytes
    }
  }

  private var all = Share()
  private var nodes: [NodeID: Share] = [:]

  init() {}

  /// Those that wait in a file; of those that an earlier program put there the authors are not known.
  init(_ connection: Connection) throws {
    let select = try connection.prepared(
      "SELECT author, count(*), CAST(total(length(bytes)) AS INTEGER) FROM birlik_waiting GROUP BY author")
    while try select.step() {
      let share = Share(segments: select.int(1), bytes: select.int(2))
      all.segments += share.segments
      all.bytes += share.bytes
      if let node = NodeID(bytes: select.bytes(0)) { nodes[node] = share }
    }
  }

  func hasPlace(for size: Int, of node: NodeID) -> Bool {
    all.holds(size, segments: StoreLimits.waitingSegments, bytes: StoreLimits.waitingBytes)
      && (nodes[node] ?? Share()).holds(
        size, segments: StoreLimits.waitingSegmentsPerNode, bytes: StoreLimits.waitingBytesPerNode)
  }

  mutating func enter(_ size: Int, of node: NodeID) {
    all.segments += 1
    all.bytes += size
    nodes[node, default: Share()].segments += 1
    nodes[node, default: Share()].bytes += size
  }
}
