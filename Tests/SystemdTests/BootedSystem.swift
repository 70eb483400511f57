import Foundation
import TestSupport

/// A systemd of its own, booted by systemd-nspawn over this machine's programs, with empty settings and state in
/// memory. Nothing of the machine is changed.
struct BootedSystem {
  /// The process that is process 1 inside.
  private let leader: String

  /// What must be installed, and the right to use it.
  static func hindrance() -> String? {
    guard geteuid() == 0 else { return "not root" }
    let missing = ["systemd-nspawn", "nsenter", "setpriv", "pgrep", "timeout", "python3", "sqlite3", "useradd"]
      .filter { Program.find($0) == nil }
    return missing.isEmpty ? nil : "not installed: \(missing.joined(separator: ", "))"
  }

  /// Whether a system boots here at all: containers often may not. Tried once; standard error has the reason.
  static func isPossible() async -> Bool {
    await possibility.value
  }

  private static let possibility = Task { await tryToBoot() }

  private static func tryToBoot() async -> Bool {
    var reason = hindrance()
    if reason == nil {
      do {
        try await withSystem(binds: []) { _ in }
      } catch {
        reason = "\(error)"
      }
    }
    guard let reason else { return true }
    FileHandle.standardError.write(Data("no test system: \(reason)\n".utf8))
    return false
  }

  /// Boots, runs the body and switches off.
  static func withSystem(binds: [String], _ body: (BootedSystem) async throws -> Void) async throws {
    // The limit ends the system even if this process is killed.
    let arguments =
      ["--kill-after=5", "180", "systemd-nspawn", "--quiet", "--directory=/", "--volatile=yes", "--boot"]
      + ["--machine=birlik-test-\(getpid())", "--register=no", "--keep-unit", "--private-network"]
      + ["--link-journal=no", "--console=pipe"] + binds.map { "--bind-ro=\($0)" }
      + ["systemd.firstboot=off", "systemd.mask=systemd-firstboot.service", "systemd.unit=multi-user.target"]
    let process = try RunningProgram(
      "timeout", arguments, environment: Command.environment, in: TemporaryFolder())
    let result: Result<Void, any Error>
    do {
      let system = BootedSystem(leader: try await leader(of: process))
      do {
        result = .success(try await body(system))
      } catch {
        result = .failure(error)
      }
      _ = try await system.run(["systemctl", "poweroff"])
    } catch {
      process.stop()
      throw error
    }
    do {
      try await waitUntil("the system is off", within: .seconds(20)) { !process.isRunning }
    } catch {
      process.stop()
    }
    try result.get()
  }

  /// Runs a program inside.
  func run(_ arguments: [String]) async throws -> ProgramResult {
    try await Command.run(["nsenter", "--target", leader, "--all", "--"] + arguments)
  }

  /// One property of a unit inside.
  func property(_ name: String, of unit: String) async throws -> String {
    let outcome = try await run(["systemctl", "show", "--property", name, "--value", unit])
    return outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Waits until `condition` holds; false when it does not, for those who explain that with the journal.
  static func comes(_ condition: () async throws -> Bool) async throws -> Bool {
    do {
      try await waitUntil("", condition)
      return true
    } catch is TestProblem {
      return false
    }
  }

  /// Process 1 of the booted system, once that is up.
  private static func leader(of process: RunningProgram) async throws -> String {
    var found: String?
    try await waitUntil("systemd-nspawn boots: \((process.output + process.errors).suffix(500))") {
      guard process.isRunning else { throw TestProblem("systemd-nspawn ended: \(process.output)\(process.errors)") }
      guard let leader = try await candidate(under: process) else { return false }
      let state = try await BootedSystem(leader: leader).run(["systemctl", "is-system-running", "--wait"])
      // Degraded: some unit of this machine does not like it there. Ours are not started yet.
      guard state.output.hasPrefix("running") || state.output.hasPrefix("degraded") else { return false }
      found = leader
      return true
    }
    guard let found else { throw TestProblem("no process 1") }
    return found
  }

  /// A systemd below the process that is surely not the one of this machine.
  private static func candidate(under process: RunningProgram) async throws -> String? {
    var parent = "\(process.identifier)"
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
