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

  func hasPlace(for size: Int, of node: NodeID) -> Bool {
    all.holds(size, segments: StoreLimits.waitingSegments, bytes: StoreLimits.waitingBytes)
      && (nodes[node] ?? Share()).holds(
        size, segments: StoreLimits.waitingSegmentsPerNode, bytes: StoreLimits.waitingBytesPerNode)
  }

  /// - Parameter node: the author; nil where it is not known.
  mutating func enter(segments: Int = 1, bytes: Int, of node: NodeID?) {
    all.segments += segments
    all.bytes += bytes
    guard let node else { return }
    nodes[node, default: Share()].segments += segments
    nodes[node, default: Share()].bytes += bytes
  }
}
