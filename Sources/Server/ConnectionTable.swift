import Limits
import NIOCore
import Synchronization

/// All connections of the server. Limits them for each address, and makes room by closing the one that has been without a
/// request for longest, so that a client cannot keep others out with idle connections.
final class ConnectionTable: Sendable {
  private struct Entry {
    var channel: any Channel
    var address: PeerAddress?
    var isIdle = true
    /// A growing number: the smallest has been without a request for longest.
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

  /// Adds a connection.
  ///
  /// - Returns: false when its address has as many as it may have.
  func add(_ channel: any Channel) -> Bool {
    let address = PeerAddress(channel.remoteAddress)
    let (isAdded, closing) = state.withLock { state -> (Bool, (any Channel)?) in
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
    return isAdded
  }

  /// Marks a connection as busy when it begins a request, and as idle when its last one is answered.
  func mark(_ channel: any Channel, isIdle: Bool) {
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
