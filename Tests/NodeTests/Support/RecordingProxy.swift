import Foundation
import Synchronization
import TestSupport

/// Passes bytes between nodes and headquarters, both on this machine, and keeps all of them: what is on the wire before
/// any encryption.
final class RecordingProxy: Sendable {
  let port: Int
  private let listener: Int32
  private let target: Int
  private let state = Mutex(State())

  private struct State {
    /// For each connection what the node sent and what headquarters answered.
    var connections: [(sent: [UInt8], answered: [UInt8])] = []
    var isStopped = false
  }

  init(to target: Int) throws {
    self.target = target
    (listener, port) = try Loopback.listen()
    Thread.detachNewThread { self.accept() }
  }

  deinit { close(listener) }

  func stop() {
    state.withLock { $0.isStopped = true }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  /// Forgets what it kept so far.
  func forget() { state.withLock { $0.connections = $0.connections.map { _ in ([], []) } } }

  /// Everything that passed, in both directions.
  var everything: [UInt8] { state.withLock { $0.connections.flatMap { $0.sent + $0.answered } } }

  /// The bodies of what nodes sent, each with the path.
  var requests: [(path: String, body: [UInt8])] { state.withLock { $0.connections.flatMap { Self.messages($0.sent) } } }

  /// The bodies of what headquarters answered.
  var answers: [[UInt8]] { state.withLock { $0.connections.flatMap { Self.messages($0.answered) }.map(\.body) } }

  // MARK: HTTP

  private static func messages(_ bytes: [UInt8]) -> [(path: String, body: [UInt8])] {
    var messages: [(path: String, body: [UInt8])] = []
    var rest = bytes[...]
    let end = Array("\r\n\r\n".utf8)
    while let place = rest.indices.first(where: { rest[$0...].starts(with: end) }) {
      let head = String(decoding: rest[..<place], as: UTF8.self).split(separator: "\r\n")
      let line = head.first { $0.lowercased().hasPrefix("content-length:") }
      let length = line.flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) } ?? 0
      rest = rest[(place + end.count)...]
      let words = (head.first ?? "").split(separator: " ")
      messages.append((path: words.count > 1 ? String(words[1]) : "", body: Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return messages
  }

  // MARK: Sockets

  private func accept() {
    while !state.withLock({ $0.isStopped }) {
      let client = Foundation.accept(listener, nil, nil)
      guard client >= 0 else { return }
      guard let server = Loopback.connect(target) else {
        close(client)
        continue
      }
      let number = state.withLock { state in
        state.connections.append(([], []))
        return state.connections.count - 1
      }
      let ends = Ends(client: client, server: server)
      Thread.detachNewThread {
        self.copy(from: ends.client, to: ends.server, ends) { $0.connections[number].sent += $1 }
      }
      Thread.detachNewThread {
        self.copy(from: ends.server, to: ends.client, ends) { $0.connections[number].answered += $1 }
      }
    }
  }

  /// Two sockets, closed when both directions have ended.
  private final class Ends: Sendable {
    let client: Int32
    let server: Int32

    init(client: Int32, server: Int32) {
      self.client = client
      self.server = server
    }

    deinit {
      close(client)
      close(server)
    }
  }

  private func copy(
    from source: Int32, to target: Int32, _ ends: Ends, _ record: (inout State, ArraySlice<UInt8>) -> Void
  ) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = read(source, &buffer, buffer.count), count > 0 {
      state.withLock { record(&$0, buffer[..<count]) }
      guard Loopback.send(buffer[..<count], to: target) else { return }
    }
    shutdown(target, Int32(SHUT_WR))
  }
}
