import Foundation
import SyncCore
import Testing

@testable import Wire

/// A reader in another language, written from the page alone, sees what this one sees.
@Suite("The second reader")
struct SecondReaderTests {
  private struct Line: Decodable, Equatable {
    struct Value: Decodable, Equatable {
      var field: Int
      var register: Int
      var state: String
      var integer: Int64?
      var hex: String?
    }
    struct Element: Decodable, Equatable {
      var field: Int
      var register: Int
      var hex: String
      var present: Bool
    }
    var sequence: Int64
    var kind: Int
    var operation: String
    var key: [String]
    var captured: Int64
    var time: Int64
    var flagged: Bool
    var values: [Value]
    var elements: [Element]
  }

  private struct Run {
    var status: Int32
    var output: [UInt8]
    var errors: String
  }

  private static func run(_ arguments: [String]) throws -> Run {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    // The errors are a line or two, which no pipe is too small for.
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return Run(status: process.terminationStatus, output: Array(bytes), errors: text)
  }

  /// Empty when the machine has what the reader needs.
  private static let lacking: String = {
    guard (try? run(["python3", "--version"]).status) == 0 else { return "python3" }
    let hasModule = (try? run(["python3", "-c", "import zstandard"]).status) == 0
    return hasModule || (try? run(["zstd", "--version"]).status) == 0 ? "" : "zstd"
  }()

  private static func read(_ bytes: [UInt8], key: [UInt8]) throws -> Run {
    let file = FileManager.default.temporaryDirectory.appending(path: "birlik-\(UUID().uuidString).segment")
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let script = PageTests.package.appending(path: "Tests/WireTests/second_reader/read_segment.py")
    return try run(["python3", script.path, file.path, Hex.string(key)])
  }

  /// What the columns of the blocks hold, change by change.
  private func lines(_ segment: Segment) throws -> [Line] {
    var lines: [Line] = []
    var sequence = segment.header.first
    for block in try segment.blocks() {
      var cursor = KindBlock.Cursor(block)
      for (place, change) in block.changes.enumerated() {
        lines.append(line(sequence, change, place, cursor, block))
        cursor.pass(place, of: block)
        sequence += 1
      }
    }
    return lines
  }

  private func line(
    _ sequence: Int64, _ change: Change, _ place: Int, _ cursor: KindBlock.Cursor, _ block: KindBlock
  ) -> Line {
    var values: [Line.Value] = []
    var elements: [Line.Element] = []
    for (index, column) in block.columns.enumerated() {
      let state = column.state(place)
      var value = Line.Value(field: column.field, register: column.register, state: "\(state)")
      switch state {
      case .absent: continue
      case .null: break
      case .integer: value.integer = column.integers[cursor.integers[index]]
      case .text: value.hex = Hex.string(column.texts[cursor.texts[index]])
      case .elements:
        let first = cursor.elements[index]
        for element in first..<(first + column.elementCounts[cursor.sets[index]]) {
          elements.append(
            Line.Element(
              field: column.field, register: column.register, hex: Hex.string(column.elements[element]),
              present: column.elementFlags[element] == 1))
        }
        continue
      }
      values.append(value)
    }
    return Line(
      sequence: sequence, kind: change.kind, operation: "\(change.operation)",
      key: change.key.columns.map { Hex.string($0) }, captured: change.captured, time: change.time,
      flagged: change.isFlagged, values: values, elements: elements)
  }

  @Test("reads the same changes", .enabled(if: lacking.isEmpty, "python3 or zstd is missing"))
  func reads() throws {
    var segments = [try PageTests.example()]
    for seed in UInt64(900)..<906 { segments.append(try Samples.segment(seed: seed, blocks: 3, changes: 40)) }
    segments.append(try Samples.segment(seed: 906, blocks: 1, changes: 1))
    for (index, segment) in segments.enumerated() {
      let run = try Self.read(segment.bytes, key: Samples.publicKey(index == 0 ? 0 : 1))
      #expect(run.status == 0, "segment \(index): \(run.errors)")
      let lines = try run.output.split(separator: 10).map { try JSONDecoder().decode(Line.self, from: Data($0)) }
      let expected = try self.lines(segment)
      #expect(lines == expected, "segment \(index)")
      #expect(run.errors.contains(segment.hash.hex), "segment \(index)")
    }
  }

  @Test("refuses what is altered", .enabled(if: lacking.isEmpty, "python3 or zstd is missing"))
  func refuses() throws {
    let bytes = try Samples.segment(seed: 900, blocks: 1, changes: 3).bytes
    let key = try Samples.publicKey(1)
    var altered = bytes
    altered[bytes.count - 1] ^= 1
    #expect(try Self.read(altered, key: key).status == 1)
    #expect(try Self.read(Array(bytes.dropLast()), key: key).status == 1)
    #expect(try Self.read(bytes + [0], key: key).status == 1)
    guard try Self.run(["python3", "-c", "import cryptography"]).status == 0 else { return }
    altered = bytes
    altered[40] ^= 1
    #expect(try Self.read(altered, key: key).status == 1)
    #expect(try Self.read(bytes, key: Samples.publicKey(2)).status == 1)
  }
}
