import Glibc
import Node
import Testing

@Suite struct ServiceNotifierTests {
  @Test(arguments: [FakeServiceManager.Name.path, .abstract])
  func sendsOneDatagramPerMessage(_ kind: FakeServiceManager.Name) throws {
    let manager = try FakeServiceManager(kind)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    notifier.ready()
    notifier.status("7 changes unsent")
    notifier.watchdog()
    notifier.stopping()
    #expect(manager.receive() == "READY=1")
    #expect(manager.receive() == "STATUS=7 changes unsent")
    #expect(manager.receive() == "WATCHDOG=1")
    #expect(manager.receive() == "STOPPING=1")
    #expect(manager.receive() == nil)
  }

  @Test func abstractNameMayFillTheAddress() throws {
    let manager = try FakeServiceManager(.longestAbstract)
    ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name]).ready()
    #expect(manager.receive() == "READY=1")
  }

  @Test func statusCannotCarryAnotherAssignment() throws {
    let manager = try FakeServiceManager(.abstract)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    notifier.status("busy\nSTOPPING=1\r\nREADY=1\0\u{7F}end")
    #expect(manager.receive() == "STATUS=busy STOPPING=1  READY=1  end")
  }

  @Test func longStatusIsCutBetweenCharacters() throws {
    let manager = try FakeServiceManager(.abstract)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    notifier.status("x" + String(repeating: "ı", count: 400))
    // 512 bytes: one for the x, 255 letters of two; the half of the next one is not sent.
    #expect(manager.receive() == "STATUS=x" + String(repeating: "ı", count: 255))
    notifier.status("")
    #expect(manager.receive() == "STATUS=")
  }

  @Test(arguments: [
    "", "@", "/", "relative", "vsock:2:1234", "/nonexistent/notify", "@" + String(repeating: "a", count: 108),
    "/" + String(repeating: "a", count: 107), "/dev/null",
  ])
  func addressThatNobodyAnswersIsIgnored(_ name: String) {
    expectNoDelay(name)
  }

  @Test(arguments: ["@\0\0", "/\0", "\0"]) func addressWithZeroBytesIsIgnored(_ name: String) { expectNoDelay(name) }

  /// Sends everything to an address where nobody listens.
  private func expectNoDelay(_ name: String) {
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": name])
    let elapsed = ContinuousClock().measure {
      notifier.ready()
      notifier.status("still here")
      notifier.watchdog()
      notifier.stopping()
    }
    // With a wait each of these would take a second.
    #expect(elapsed < .seconds(3), "\(name)")
  }

  @Test func outsideSystemdNothingIsSentAndNoLimitHolds() {
    let notifier = ServiceNotifier(environment: ["WATCHDOG_USEC": "1000000"])
    notifier.ready()
    #expect(notifier.watchdogInterval == nil)
    #expect(ServiceNotifier(environment: [:]).watchdogInterval == nil)
  }

  @Test func managerThatHasGoneIsIgnored() throws {
    let manager = try FakeServiceManager(.path)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    notifier.ready()
    #expect(manager.receive() == "READY=1")
    manager.leave()
    notifier.watchdog()
  }

  @Test func managerThatDoesNotReadHoldsTheDaemonUpForAMomentOnly() throws {
    let manager = try FakeServiceManager(.abstract)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    let filled = try manager.fillQueue()
    #expect(filled > 0)
    let elapsed = ContinuousClock().measure { notifier.watchdog() }
    // The limit is a second; a blocking send would never come back.
    #expect(elapsed < .seconds(30))
    #expect(elapsed > .milliseconds(500), "the queue was not full, so nothing was tried")
  }

  @Test func leavesNoDescriptorOpen() throws {
    let manager = try FakeServiceManager(.abstract)
    let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": manager.name])
    // More than the usual limit of 1024 descriptors: a leak would end in silence.
    for _ in 0..<1100 {
      notifier.watchdog()
      #expect(manager.receive() == "WATCHDOG=1")
    }
  }

  @Test func reportsTwiceWithinTheLimit() {
    let environment = ["NOTIFY_SOCKET": "@birlik-nobody", "WATCHDOG_USEC": "60000000"]
    #expect(ServiceNotifier(environment: environment).watchdogInterval == .seconds(30))
    let own = environment.merging(["WATCHDOG_PID": String(getpid())]) { $1 }
    #expect(ServiceNotifier(environment: own).watchdogInterval == .seconds(30))
    let foreign = environment.merging(["WATCHDOG_PID": "1"]) { $1 }
    #expect(ServiceNotifier(environment: foreign).watchdogInterval == nil)
  }

  @Test(arguments: ["", "0", "1", "-5", "abc", "30s", "9223372036854775808", "1e6"])
  func senselessLimitIsNone(_ limit: String) {
    let environment = ["NOTIFY_SOCKET": "@birlik-nobody", "WATCHDOG_USEC": limit]
    #expect(ServiceNotifier(environment: environment).watchdogInterval == nil)
  }
}

/// The other end: a bound datagram socket, as systemd has one.
final class FakeServiceManager {
  enum Name: Sendable { case path, abstract, longestAbstract }
  struct Failure: Error { let operation: String, code: Int32 }

  /// As in `NOTIFY_SOCKET`.
  let name: String
  private let descriptor: Int32
  private let path: String?

  init(_ kind: Name) throws {
    let unique = "birlik-notify-\(getpid())-\(UInt64.random(in: 0...UInt64.max))"
    switch kind {
    case .path: name = "/tmp/\(unique)"
    case .abstract: name = "@\(unique)"
    case .longestAbstract: name = "@" + unique + String(repeating: "x", count: 107 - unique.utf8.count)
    }
    path = kind == .path ? name : nil
    descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    let bound = Self.withAddress(name, length: length) { bind(descriptor, $0, $1) }
    guard descriptor >= 0, bound == 0 else { throw Failure(operation: "bind", code: errno) }
  }

  deinit {
    close(descriptor)
    leave()
  }

  /// The next datagram; nil when none waits. Datagrams between local sockets arrive before the send returns.
  func receive() -> String? {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
  }

  /// Takes the name away, as a manager does that ends.
  func leave() {
    if let path { unlink(path) }
  }

  /// Sends to the own socket until no more fits in; the number of datagrams.
  func fillQueue() throws -> Int {
    let sender = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard sender >= 0 else { throw Failure(operation: "socket", code: errno) }
    defer { close(sender) }
    let length = socklen_t(MemoryLayout<sa_family_t>.size + name.utf8.count)
    var count = 0
    while Self.withAddress(name, length: length, { sendto(sender, "x", 1, 0, $0, $1) }) == 1 { count += 1 }
    return count
  }

  private static func withAddress<R>(
    _ name: String, length: socklen_t, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R
  ) -> R {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { target in
      for (index, byte) in name.utf8.enumerated() where index < target.count {
        target[index] = index == 0 && byte == UInt8(ascii: "@") ? 0 : byte
      }
    }
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}
