import Foundation
import Synchronization
import TestSupport

/// A line between nodes and headquarters, both on this machine, that cuts every connection after so many bytes, or lets
/// them through a few at a time.
final class BadLine: Sendable {
  enum Fault: Sendable {
    /// Ends a connection when so many bytes went over it, in both directions together.
    case cut(after: Int)
    /// Passes on so many bytes at once, with a pause after each.
    case trickle(bytes: Int, pause: Duration)
    /// Ends a connection right behind the last byte of an answer that has at least so many, without a farewell.
    case reset(behindAnswersOf: Int)
  }

  let port: Int
  private let target: Int
  private let listener: Int32
  private let state: Mutex<State>

  private struct State {
    var fault: Fault
    var connections = 0
    var cuts = 0
    var isStopped = false
  }

  init(to target: Int, _ fault: Fault) throws {
    self.target = target
    state = Mutex(State(fault: fault))
    (listener, port) = try Loopback.listen()
    Thread.detachNewThread { self.accept() }
  }

  deinit { close(listener) }

  var connections: Int { state.withLock { $0.connections } }
  /// Connections that this line ended.
  var cuts: Int { state.withLock { $0.cuts } }
  var url: String { "http://127.0.0.1:\(port)" }

  func stop() {
    state.withLock { $0.isStopped = true }
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private func accept() {
    while !state.withLock({ $0.isStopped }) {
      let client = Foundation.accept(listener, nil, nil)
      guard client >= 0 else { return }
      guard let server = Loopback.connect(target) else {
        close(client)
        continue
      }
      let fault = state.withLock { state in
        state.connections += 1
        return state.fault
      }
      let ends = Ends(client: client, server: server)
      Thread.detachNewThread { self.copy(from: ends.client, to: ends.server, ends, fault, isAnswer: false) }
      Thread.detachNewThread { self.copy(from: ends.server, to: ends.client, ends, fault, isAnswer: true) }
    }
  }

  /// Two sockets, closed when both directions have ended.
  private final class Ends: Sendable {
    let client: Int32
    let server: Int32
    private let moved = Mutex(0)

    init(client: Int32, server: Int32) {
      self.client = client
      self.server = server
    }

    deinit {
      close(client)
      close(server)
    }

    /// How many of `count` bytes may still go over.
    func take(_ count: Int, of limit: Int) -> Int {
      moved.withLock { moved in
        let allowed = max(0, min(count, limit - moved))
        moved += allowed
        return allowed
      }
    }

    func cut() {
      for end in [client, server] { shutdown(end, Int32(SHUT_RDWR)) }
    }
  }

  private func copy(from source: Int32, to target: Int32, _ ends: Ends, _ fault: Fault, isAnswer: Bool) {
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    var answer: [UInt8] = []
    while case let count = read(source, &buffer, buffer.count), count > 0 {
      switch fault {
      case .cut(let limit):
        let allowed = ends.take(count, of: limit)
        let isSent = Loopback.send(buffer[..<allowed], to: target)
        guard isSent, allowed == count else {
          if allowed < count { state.withLock { $0.cuts += 1 } }
          return ends.cut()
        }
      case .trickle(let bytes, let pause):
        var rest = buffer[..<count]
        while !rest.isEmpty {
          guard Loopback.send(rest.prefix(bytes), to: target) else { return ends.cut() }
          rest = rest.dropFirst(bytes)
          Thread.sleep(forTimeInterval: pause / .seconds(1))
        }
      case .reset(let size):
        guard Loopback.send(buffer[..<count], to: target) else { return ends.cut() }
        guard isAnswer else { continue }
        answer += buffer[..<count]
        guard let length = Self.missing(of: answer, atLeast: size), length <= 0 else { continue }
        state.withLock { $0.cuts += 1 }
        var hard = linger(l_onoff: 1, l_linger: 0)
        setsockopt(ends.client, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
        return ends.cut()
      }
    }
    shutdown(target, Int32(SHUT_WR))
  }

  /// How many bytes are missing of a large answer; nil for a small one, and before its headers are whole.
  private static func missing(of answer: [UInt8], atLeast size: Int) -> Int? {
    let text = String(decoding: answer.prefix(8192), as: UTF8.self).lowercased()
    guard let end = text.range(of: "\r\n\r\n"),
      let length = text[..<end.lowerBound].firstMatch(of: #/content-length: (\d+)/#),
      let count = Int(length.1), count >= size
    else { return nil }
    return text[..<end.upperBound].utf8.count + count - answer.count
  }
}
