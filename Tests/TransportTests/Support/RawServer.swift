import Foundation
import Glibc
import Synchronization

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

  let port: UInt16
  private let listener: Int32
  private let state = Mutex((connections: 0, heads: [String]()))

  var connections: Int { state.withLock { $0.connections } }
  var heads: [String] { state.withLock { $0.heads } }

  init(_ reaction: @escaping @Sendable (_ request: Int) -> Reaction) throws {
    (listener, port) = try Self.listen()
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
    (listener, port) = try Self.listen()
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

  /// A port on which nobody listens.
  static func deadPort() throws -> UInt16 {
    let (listener, port) = try listen()
    close(listener)
    return port
  }

  private func serve(_ connection: Int32, _ reaction: (Int) -> Reaction) {
    defer { RawServer.end(connection) }
    while let head = Self.readHead(connection) {
      let count = state.withLock { state in
        state.heads.append(head)
        return state.heads.count
      }
      switch reaction(count) {
      case .answer(let text): Self.send(text, to: connection)
      case .answerAndClose(let text): return Self.send(text, to: connection)
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

  private static func send(_ text: String, to connection: Int32) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
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

  private static func listen() throws -> (Int32, UInt16) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = loopback(port: 0)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, length) == 0 && Glibc.listen(listener, 64) == 0
          && getsockname(listener, pointer, &length) == 0
      }
    }
    guard result else { throw POSIXError(.EADDRNOTAVAIL) }
    return (listener, UInt16(bigEndian: address.sin_port))
  }

  static func loopback(port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }
}

/// A client without manners: sends chunks as told and returns all that comes back until the server closes.
enum RawClient {
  /// - Parameters:
  ///   - drip: sent again and again, every few milliseconds, until the server answers or closes.
  static func exchange(port: Int, _ text: String, drip: String? = nil) async -> String {
    await withCheckedContinuation { continuation in
      Thread.detachNewThread { continuation.resume(returning: run(UInt16(port), text, drip)) }
    }
  }

  private static func run(_ port: UInt16, _ text: String, _ drip: String?) -> String {
    let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { RawServer.end(connection) }
    var address = RawServer.loopback(port: port)
    let length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(connection, $0, length) == 0 }
    }
    guard isConnected, send(text, to: connection) else { return "" }
    if let drip {
      var waiting = pollfd(fd: connection, events: Int16(POLLIN), revents: 0)
      while poll(&waiting, 1, 5) == 0 {
        if !send(drip, to: connection) { break }
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

  private static func send(_ text: String, to connection: Int32) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.isEmpty || Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count
  }
}
