import Dispatch
import Foundation
import Synchronization

/// A program that was started. It is killed with the object.
public final class RunningProgram: Sendable {
  private let name: String
  private let process: Mutex<Process>
  private let outputPath: String
  private let errorPath: String
  private let ended: AsyncStream<Int32>
  private let status = Mutex<Int32?>(nil)
  private let isOver = DispatchSemaphore(value: 0)
  /// The number of the process.
  public let identifier: Int32
  /// Its files are there as long as it is.
  private let folder: TemporaryFolder

  /// Starts a program in a folder. Its output goes to hidden files there, so that no pipe can fill.
  ///
  /// Variables of this process that begin with `BIRLIK_` are not passed on.
  public init(
    _ name: String, _ arguments: [String], input: String = "", environment: [String: String] = [:],
    in folder: TemporaryFolder
  ) throws {
    guard let program = Program.find(name) else { throw TestProblem("\(name) is not installed") }
    self.name = name
    self.folder = folder
    let run = UUID().uuidString
    outputPath = folder.file(".\(run).out")
    errorPath = folder.file(".\(run).err")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder.url
    process.environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("BIRLIK_") }
      .merging(environment) { $1 }
    var files: [FileHandle] = []
    // Foundation keeps programs that ended, and what they wrote to with them; a process of more than 1,024 open files
    // starts none.
    defer { for file in files { try? file.close() } }
    for path in [outputPath, errorPath] {
      try Data().write(to: URL(fileURLWithPath: path))
      files.append(try FileHandle(forWritingTo: URL(fileURLWithPath: path)))
    }
    process.standardOutput = files[0]
    process.standardError = files[1]
    if input.isEmpty {
      process.standardInput = FileHandle.nullDevice
    } else {
      files.append(try FileHandle(forReadingFrom: URL(fileURLWithPath: folder.write(input, to: ".\(run).in"))))
      process.standardInput = files[2]
    }
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    ended = stream
    process.terminationHandler = { [isOver] process in
      continuation.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
      continuation.finish()
      isOver.signal()
    }
    try process.run()
    identifier = process.processIdentifier
    self.process = Mutex(process)
  }

  deinit { stop(SIGKILL) }

  /// Whether it did not end yet.
  public var isRunning: Bool { process.withLock { $0.isRunning } }

  /// What it wrote to standard output so far.
  public var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }

  /// What it wrote to standard error so far.
  public var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

  /// Sends a signal to a program that still runs.
  public func stop(_ signal: Int32 = SIGTERM) {
    if isRunning { kill(identifier, signal) }
  }

  // MARK: Waiting

  /// Waits for the end. To be called once.
  ///
  /// - Parameter limit: how long it may take. It is killed after that, and `TestProblem` thrown.
  public func result(within limit: Duration = .seconds(300)) async throws -> ProgramResult {
    let isLate = try await withThrowingTaskGroup(of: Bool.self) { tasks in
      defer { tasks.cancelAll() }
      tasks.addTask {
        for await value in self.ended { self.status.withLock { $0 = value } }
        return false
      }
      tasks.addTask {
        try await Task.sleep(for: limit)
        self.stop(SIGKILL)
        return true
      }
      return try await tasks.next() ?? false
    }
    if isLate { throw late(limit) }
    return try finished()
  }

  /// The same for a test that is not asynchronous.
  public func blockingResult(within limit: Duration) throws -> ProgramResult {
    guard isOver.wait(timeout: .now() + .seconds(Int(limit.components.seconds))) == .success else {
      stop(SIGKILL)
      throw late(limit)
    }
    process.withLock { process in
      let status = process.terminationStatus
      self.status.withLock { $0 = process.terminationReason == .exit ? status : -status }
    }
    return try finished()
  }

  private func late(_ limit: Duration) -> TestProblem {
    TestProblem("\(name) did not end within \(limit): \(errors.suffix(500))")
  }

  private func finished() throws -> ProgramResult {
    guard let status = status.withLock({ $0 }) else { throw TestProblem("\(name) was waited for twice") }
    return ProgramResult(status: status, output: output, errors: errors)
  }

  /// Waits until its standard error has `words`.
  ///
  /// - Throws: `TestProblem` when it ends before, or does not write them in time.
  public func wait(for words: String, within limit: Duration = patience) async throws {
    try await wait(words, within: limit) { $0.contains(words) }
  }

  /// Waits until `isThere` holds of its standard error.
  public func wait(
    _ what: String, within limit: Duration = patience, until isThere: (_ errors: String) -> Bool
  ) async throws {
    try await waitUntil("\(what) from \(name): \(errors.suffix(500))", within: limit) {
      // In this order: what it wrote as its last words counts.
      let isRunning = isRunning
      if isThere(errors) { return true }
      if !isRunning { throw TestProblem("\(name) ended before \(what): \(errors.suffix(500))") }
      return false
    }
  }

  /// Waits for a line that is a number: the port that a script prints first.
  public func number(within limit: Duration = patience) async throws -> Int {
    try await wait("a number", within: limit) { $0.hasSuffix("\n") }
    let text = errors.trimmingCharacters(in: .whitespacesAndNewlines)
    guard let number = Int(text) else { throw TestProblem("no number from \(name): \(text.suffix(500))") }
    return number
  }
}
