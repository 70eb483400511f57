import Foundation
import Glibc
import Synchronization
import TestSupport

/// A listener on a free loopback port that answers every request head with bytes of the test's choice.
final class RawServer: Sendable {
  enum Reaction: Sendable {
    /// Sends this and waits for the next request.
    case answer(String)
    /// Sends this and closes.
    case answerAndClose(String)
    /// Says nothing for as long as the client stays.
    case silence
  }

  let port: Int
  private let listener: Int32
  private let state = Mutex((connections: 0, heads: [String]()))

  var connections: Int { state.withLock { $0.connections } }
  var heads: [String] { state.withLock { $0.heads } }

  init(_ reaction: @escaping @Sendable (_ request: Int) -> Reaction) throws {
    (listener, port) = try Loopback.listen()
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        state.withLock { $0.connections += 1 }
        Thread.detachNewThread { [self] in serve(connection, reaction) }
      }
    }
  }

  /// A server that closes every connection at the first bytes, before any request is whole.
  ///
  /// - Parameter resets: whether it does so as a machine does whose program was killed.
  init(closingAtOnce resets: Bool) throws {
    (listener, port) = try Loopback.listen()
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        state.withLock { $0.connections += 1 }
        var byte: UInt8 = 0
        _ = recv(connection, &byte, 1, 0)
        if resets {
          var hard = linger(l_onoff: 1, l_linger: 0)
          setsockopt(connection, SOL_SOCKET, SO_LINGER, &hard, socklen_t(MemoryLayout<linger>.size))
          close(connection)
        } else {
          Self.end(connection)
        }
      }
    }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func serve(_ connection: Int32, _ reaction: (Int) -> Reaction) {
    defer { RawServer.end(connection) }
    while let head = Self.readHead(connection) {
      let count = state.withLock { state in
        state.heads.append(head)
        return state.heads.count
      }
      switch reaction(count) {
      case .answer(let text): _ = Loopback.send(text.utf8, to: connection)
      case .answerAndClose(let text):
        _ = Loopback.send(text.utf8, to: connection)
        return
      case .silence:
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        return
      }
    }
  }

  /// Ends the connection and not only our hold on it: processes that other tests start may have inherited it.
  static func end(_ connection: Int32) {
    shutdown(connection, Int32(SHUT_RDWR))
    close(connection)
  }

  private static func readHead(_ connection: Int32) -> String? {
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while recv(connection, &byte, 1, 0) == 1 {
      head.append(byte)
      if head.suffix(4).elementsEqual("\r\n\r\n".utf8) { return String(decoding: head, as: UTF8.self) }
    }
    return nil
  }
}

/// A client without manners: sends any chunks and returns all that comes back until the server closes.
enum RawClient {
  /// - Parameters:
  ///   - drip: sent again and again, every few milliseconds, until the server answers or closes.
  static func exchange(port: Int, _ text: String, drip: String? = nil) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: run(port, text, drip)) }
    }
  }

  private static func run(_ port: Int, _ text: String, _ drip: String?) -> String {
    guard let connection = Loopback.connect(port) else { return "" }
    defer { RawServer.end(connection) }
    guard Loopback.send(text.utf8, to: connection) else { return "" }
    if let drip {
      var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      while poll(&waiting, 1, 5) == 0 {
        if !Loopback.send(drip.utf8, to: connection) { break }
      }
    }
    var received: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(connection, &buffer, buffer.count, 0)
      if count <= 0 { return String(decoding: received, as: UTF8.self) }
      received += buffer.prefix(count)
    }
  }
}
