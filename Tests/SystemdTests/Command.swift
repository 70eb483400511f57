import Foundation

/// A program of the machine, run to its end.
enum Command {
  struct Outcome: Sendable {
    let status: Int32
    let output: String
    let errors: String
  }

  /// The path of an installed program, or nil.
  static func find(_ name: String) -> String? {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    // The folders of root's tools are not on everybody's path.
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Runs a program without input. Its output goes through files, so that no full pipe can hold it up, and the
  /// wait occupies no thread: other tests run meanwhile.
  static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
    try await withTemporaryFolder { folder in
      let output = folder.appendingPathComponent("output")
      let errors = folder.appendingPathComponent("errors")
      let process = try prepare(arguments, environment: environment, output: output, errors: errors)
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        process.terminationHandler = { _ in continuation.resume() }
        do { try process.run() } catch { continuation.resume(throwing: error) }
      }
      return Outcome(
        status: process.terminationStatus,
        output: try String(contentsOf: output, encoding: .utf8),
        errors: try String(contentsOf: errors, encoding: .utf8))
    }
  }

  /// A process that is ready to run, without input.
  static func prepare(
    _ arguments: [String], environment: [String: String] = [:], output: URL, errors: URL
  ) throws -> Process {
    guard let name = arguments.first, let program = find(name) else { throw CocoaError(.fileNoSuchFile) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = Array(arguments.dropFirst())
    process.environment = ProcessInfo.processInfo.environment
      .merging(["LC_ALL": "C", "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""]) { $1 }
      .merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try emptyFile(output)
    process.standardError = output == errors ? process.standardOutput : try emptyFile(errors)
    return process
  }

  static func withTemporaryFolder<R>(_ body: (URL) async throws -> R) async throws -> R {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-systemd-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder)
  }

  private static func emptyFile(_ url: URL) throws -> FileHandle {
    try Data().write(to: url)
    return try FileHandle(forWritingTo: url)
  }
}
