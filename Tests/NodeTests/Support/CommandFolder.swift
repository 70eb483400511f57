import Foundation
import Synchronization
import Testing

/// A temporary folder in which the built program is run as clerks and scripts run it.
///
/// ```swift
/// let folder = try CommandFolder()
/// defer { folder.remove() }
/// let result = try await folder.run("status", "--database", "uz.db", "--json")
/// ```
final class CommandFolder: Sendable {
  let path: String

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("birlik-command-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  func remove() { try? FileManager.default.removeItem(atPath: path) }

  /// The package's own folder, for the figures and the catalog that it ships.
  static let package = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// `birlik` stands beside the bundle of tests that is running.
  static let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("birlik")

  static let catalog = package.appendingPathComponent("Config/catalog").path

  static func figures(_ name: String) -> String { package.appendingPathComponent("Config/otuts/\(name).csv").path }

  func file(_ name: String) -> String { path + "/" + name }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: file(name)))
  }

  /// Starts a program here; its output goes to files, so that no pipe can fill.
  func start(_ program: URL, _ arguments: [String], environment: [String: String] = [:]) throws -> RunningCommand {
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: path)
    var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BIRLIK_") }
    variables.merge(environment) { $1 }
    process.environment = variables
    return try RunningCommand(process, in: path)
  }

  /// Starts `birlik`.
  ///
  /// - Parameter write: when not nil, the number of the write to a file at which a thread of the program is killed.
  func start(_ arguments: String..., killedAtWrite write: Int? = nil) throws -> RunningCommand {
    guard let write else { return try start(Self.program, arguments) }
    let injection =
      ["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64"]
      + ["-e", "inject=pwrite64:signal=KILL:when=\(write)", Self.program.path]
    return try start(URL(fileURLWithPath: "/usr/bin/strace"), injection + arguments)
  }

  /// Runs `birlik` to its end, at most two minutes.
  func run(_ arguments: String..., environment: [String: String] = [:]) async throws -> CommandResult {
    try await run(arguments, environment: environment)
  }

  func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> CommandResult {
    let limited = ["-k", "5", "120", Self.program.path] + arguments
    return try await start(URL(fileURLWithPath: "/usr/bin/timeout"), limited, environment: environment).result()
  }

  /// Runs `birlik`, which has to end well, and gives its output.
  @discardableResult
  func good(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) async throws -> CommandResult {
    let result = try await run(arguments)
    #expect(result.status == 0, "\(arguments) \(result.errors)", sourceLocation: sourceLocation)
    return result
  }

  /// Runs SQL as a clerk's own program would.
  @discardableResult
  func sqlite(_ database: String, _ sql: String) async throws -> CommandResult {
    let shell = URL(fileURLWithPath: "/usr/bin/sqlite3")
    return try await start(shell, ["-cmd", ".timeout 10000", file(database), sql]).result()
  }
}

/// A program that was started.
final class RunningCommand: Sendable {
  private let process: Mutex<Process>
  private let outputPath: String
  private let errorPath: String
  private let ended: AsyncStream<Int32>
  let identifier: Int32

  fileprivate init(_ process: sending Process, in folder: String) throws {
    let name = UUID().uuidString
    outputPath = "\(folder)/.\(name).out"
    errorPath = "\(folder)/.\(name).err"
    for path in [outputPath, errorPath] { try Data().write(to: URL(fileURLWithPath: path)) }
    process.standardInput = FileHandle.nullDevice
    let outputs = try [outputPath, errorPath].map { try FileHandle(forWritingTo: URL(fileURLWithPath: $0)) }
    process.standardOutput = outputs[0]
    process.standardError = outputs[1]
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    ended = stream
    process.terminationHandler = { process in
      continuation.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
      continuation.finish()
    }
    // Foundation keeps programs that ended, and what they wrote to with them; a process of more than 1,024 open files
    // starts none.
    defer { for output in outputs { try? output.close() } }
    try process.run()
    identifier = process.processIdentifier
    self.process = Mutex(process)
  }

  deinit { stop(SIGKILL) }

  var isRunning: Bool { process.withLock { $0.isRunning } }

  var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// Waits for the end. A program that was killed has the negative signal for its status. To be called once.
  func result() async throws -> CommandResult {
    var status: Int32 = -1
    for await value in ended { status = value }
    return CommandResult(
      status: status, output: try String(contentsOfFile: outputPath, encoding: .utf8), errors: errors)
  }

  /// Sends a signal to a program that still runs.
  func stop(_ signal: Int32 = SIGTERM) {
    if isRunning { kill(identifier, signal) }
  }
}
