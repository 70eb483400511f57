import Foundation

/// A systemd of its own, booted by systemd-nspawn over this machine's programs, with empty settings and state in
/// memory. Nothing of the machine is changed.
struct BootedSystem {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The process that is process 1 inside.
  private let leader: String

  /// What must be installed, and the right to use it.
  static func hindrance() -> String? {
    guard geteuid() == 0 else { return "not root" }
    let missing = ["systemd-nspawn", "nsenter", "setpriv", "pgrep", "timeout", "python3", "sqlite3", "useradd"]
      .filter { Command.find($0) == nil }
    return missing.isEmpty ? nil : "not installed: \(missing.joined(separator: ", "))"
  }

  /// Whether a system boots here at all: containers often may not. Tried once, says why not on standard error.
  static func isPossible() async -> Bool {
    await possibility.value
  }

  private static let possibility = Task { await tryToBoot() }

  private static func tryToBoot() async -> Bool {
    var reason = hindrance()
    if reason == nil {
      do {
        try await Command.withTemporaryFolder { folder in
          try await withSystem(binds: [], log: folder.appendingPathComponent("log")) { _ in }
        }
      } catch {
        reason = "\(error)"
      }
    }
    guard let reason else { return true }
    FileHandle.standardError.write(Data("no test system: \(reason)\n".utf8))
    return false
  }

  /// Boots, runs the body and switches off.
  static func withSystem(binds: [String], log: URL, _ body: (BootedSystem) async throws -> Void) async throws {
    // The limit ends the system even if this process is killed.
    let arguments =
      ["timeout", "--kill-after=5", "180", "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes", "--boot"]
      + ["--machine=birlik-test-\(getpid())", "--register=no", "--keep-unit", "--private-network"]
      + ["--link-journal=no", "--console=pipe"] + binds.map { "--bind-ro=\($0)" }
      + ["systemd.firstboot=off", "systemd.mask=systemd-firstboot.service", "systemd.unit=multi-user.target"]
    let process = try Command.prepare(arguments, output: log, errors: log)
    try process.run()
    let result: Result<Void, any Error>
    do {
      let system = BootedSystem(leader: try await leader(of: process, log: log))
      do {
        result = .success(try await body(system))
      } catch {
        result = .failure(error)
      }
      _ = try await system.run(["systemctl", "poweroff"])
    } catch {
      process.terminate()
      throw error
    }
    if !(await wait(seconds: 20, until: { !process.isRunning })) { process.terminate() }
    try result.get()
  }

  /// Runs a program inside.
  func run(_ arguments: [String]) async throws -> Command.Outcome {
    try await Command.run(["nsenter", "--target", leader, "--all", "--"] + arguments)
  }

  /// One property of a unit inside.
  func property(_ name: String, of unit: String) async throws -> String {
    let outcome = try await run(["systemctl", "show", "--property", name, "--value", unit])
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Polls, because there is nothing to wait on; false after the time is over.
  static func wait(seconds: Int, until condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      if try await condition() { return true }
      try? await Task.sleep(for: .milliseconds(100))
    }
    return try await condition()
  }

  /// Process 1 of the booted system, once that is up.
  private static func leader(of process: Process, log: URL) async throws -> String {
    var found: String?
    _ = try await wait(seconds: 60) {
      guard process.isRunning else { return true }
      found = try await candidate(under: process)
      guard let leader = found else { return false }
      let state = try await BootedSystem(leader: leader).run(["systemctl", "is-system-running", "--wait"])
      // Degraded: some unit of this machine does not like it there. Ours are not started yet.
      let isUp = state.output.hasPrefix("running") || state.output.hasPrefix("degraded")
      if !isUp { found = nil }
      return isUp
    }
    if let found { return found }
    let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
    throw Failure(description: "systemd-nspawn does not boot here: \(text.suffix(500))")
  }

  /// A systemd below the process that is surely not the one of this machine.
  private static func candidate(under process: Process) async throws -> String? {
    var parent = "\(process.processIdentifier)"
    for _ in 0..<2 {  // timeout, systemd-nspawn
      let children = try await Command.run(["pgrep", "--parent", parent]).output.split(separator: "\n")
      guard let child = children.first else { return nil }
      parent = String(child)
    }
    let files = FileManager.default
    let own = try? files.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    let inside = try? files.destinationOfSymbolicLink(atPath: "/proc/\(parent)/ns/pid")
    let name = try? String(contentsOfFile: "/proc/\(parent)/comm", encoding: .utf8)
    guard own != nil, inside != nil, own != inside, name == "systemd\n" else { return nil }
    return parent
  }
}
