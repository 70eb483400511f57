import Limits
import NIOCore
import Synchronization

/// All connections at once: bounds them for each address, and makes room by closing those that wait longest without a
/// request, so that nobody keeps others out by connecting and saying nothing.
final class ConnectionTable: Sendable {
  private struct Entry {
    var channel: any Channel
    var address: PeerAddress?
    var isIdle = true
    /// Counts up, so that the least is the longest without a request.
    var since: Int
  }

  private struct State {
    var entries: [ObjectIdentifier: Entry] = [:]
    var perAddress: [PeerAddress: Int] = [:]
    var counter = 0
  }

  private let limits: ServerLimits
  private let state = Mutex(State())

  init(limits: ServerLimits) { self.limits = limits }

  /// Takes a connection in.
  ///
  /// - Returns: false when its address has as many as it may have.
  func add(_ channel: any Channel) -> Bool {
    let address = PeerAddress(channel.remoteAddress)
    let (isTaken, closing) = state.withLock { state -> (Bool, (any Channel)?) in
      if let address {
        guard state.perAddress[address, default: 0] < limits.connectionsPerAddress else { return (false, nil) }
        state.perAddress[address, default: 0] += 1
      }
      state.counter += 1
      state.entries[ObjectIdentifier(channel)] = Entry(channel: channel, address: address, since: state.counter)
      guard state.entries.count > limits.connections else { return (true, nil) }
      let longest = state.entries.filter { $0.value.isIdle }.min { $0.value.since < $1.value.since }
      return (true, longest?.value.channel)
    }
    closing?.close(promise: nil)
    return isTaken
  }

  /// Notes that a connection began a request, or answered its last one.
  func note(_ channel: any Channel, isIdle: Bool) {
    state.withLock { state in
      state.counter += 1
      state.entries[ObjectIdentifier(channel)]?.isIdle = isIdle
      state.entries[ObjectIdentifier(channel)]?.since = state.counter
    }
  }

  func remove(_ channel: any Channel) {
    state.withLock { state in
      guard let entry = state.entries.removeValue(forKey: ObjectIdentifier(channel)), let address = entry.address else {
        return
      }
      let left = state.perAddress[address, default: 1] - 1
      state.perAddress[address] = left > 0 ? left : nil
    }
  }
}
