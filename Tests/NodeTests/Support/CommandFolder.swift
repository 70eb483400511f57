import Foundation
import Synchronization
import TestSupport
import Testing

/// A temporary folder in which the built program is run as clerks and scripts run it.
///
/// ```swift
/// let folder = try CommandFolder()
/// defer { folder.remove() }
/// let result = try await folder.run("status", "--database", "uz.db", "--json")
/// ```
final class CommandFolder: Sendable {
  private let folder: TemporaryFolder
  var path: String { folder.path }

  init() throws { folder = try TemporaryFolder() }

  func remove() { folder.remove() }

  /// `birlik` is built beside the bundle of tests that is running.
  static let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("birlik").path

  /// The options with which a federation is invited that nobody needs in the register.
  static let unregistered = ["--unregistered", "--new"]

  static let catalog = Repository.catalog.path

  static func figures(_ name: String) -> String { Repository.config.appendingPathComponent("otuts/\(name).csv").path }

  func file(_ name: String) -> String { folder.file(name) }

  func write(_ text: String, to name: String) throws { try folder.write(text, to: name) }

  /// Starts a program here.
  func start(
    _ program: String, _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) throws -> RunningProgram {
    try RunningProgram(program, arguments, input: input, environment: environment, in: folder)
  }

  /// Starts `birlik`.
  ///
  /// - Parameter write: when not nil, the number of the write to a file at which a thread of the program is killed.
  func start(_ arguments: String..., killedAtWrite write: Int? = nil) throws -> RunningProgram {
    guard let write else { return try start(Self.program, arguments) }
    let injection =
      ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"]
      + ["-e", "inject=pwrite64:signal=KILL:when=\(write)", Self.program]
    return try start("strace", injection + arguments)
  }

  /// Runs `birlik` to its end, at most two minutes.
  func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> ProgramResult {
    try await run(arguments, environment: environment)
  }

  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> ProgramResult {
    let limited = ["-k", "5", "120", Self.program] + arguments
    return try await start("timeout", limited, environment: environment).result()
  }

  /// Runs `birlik`, which has to end well, and gives its output.
  @discardableResult
  func good(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> ProgramResult {
    let result = try await run(arguments)
    #expect(result.status == 0, "\(arguments) \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  @discardableResult
  func good(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws -> ProgramResult {
    let result = try await run(arguments)
    #expect(result.status == 0, "\(arguments) \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  /// Runs SQL as a clerk's own program would.
  @discardableResult
  func sqlite(_ database: String, _ sql: String) async throws -> ProgramResult {
    try await start("sqlite3", ["-cmd", ".timeout 10000", file(database), sql]).result()
  }

  /// Waits until a record has come to a database by sync.
  func arrives(_ unit: String, in database: String) async throws {
    try await waitUntil("\(unit) comes to \(database)") {
      try await run("show", "org_unit", unit, "--database", database).status == 0
    }
  }
}
