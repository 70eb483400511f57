import Foundation
import SyncCore
import TestSupport
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

  /// Debian's own interpreter has the modules as packages; another one in the path may not.
  private static let python = ["/usr/bin/python3", "python3"].first { python in
    (try? Program.runBlocking(python, ["-c", "import cryptography, zstandard"]).status) == 0
  }

  private static let lacking: Comment = "no python3 has the modules cryptography and zstandard: run .ci/setup"

  private static func read(
    _ bytes: [UInt8], key: [UInt8], with script: String = "read_segment", _ arguments: [String] = []
  ) throws -> ProgramResult {
    let folder = try TemporaryFolder()
    let file = try folder.write(bytes, to: "segment")
    let script = Repository.folder.appending(path: "Tests/WireTests/second_reader/\(script).py")
    return try withExtendedLifetime(folder) {
      try Program.runBlocking(python ?? "python3", ["-B", script.path] + arguments + [file, Hex.string(key)])
    }
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

  @Test("reads the same changes", .enabled(if: python != nil, lacking))
  func reads() throws {
    var segments = [try PageTests.example()]
    for seed in UInt64(900)..<906 { segments.append(try Samples.segment(seed: seed, blocks: 3, changes: 40)) }
    segments.append(try Samples.segment(seed: 906, blocks: 1, changes: 1))
    for (index, segment) in segments.enumerated() {
      let run = try Self.read(segment.bytes, key: Samples.publicKey(index == 0 ? 0 : 1))
      #expect(run.status == 0, "segment \(index): \(run.errors)")
      let lines = try run.lines.map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
      let expected = try self.lines(segment)
      #expect(lines == expected, "segment \(index)")
      #expect(run.errors.contains(segment.hash.hex), "segment \(index)")
    }
  }

  @Test("refuses what is altered", .enabled(if: python != nil, lacking))
  func refuses() throws {
    let bytes = try Samples.segment(seed: 900, blocks: 1, changes: 3).bytes
    let key = try Samples.publicKey(1)
    var altered = bytes
    altered[bytes.count - 1] ^= 1
    #expect(try Self.read(altered, key: key).status == 1)
    #expect(try Self.read(Array(bytes.dropLast()), key: key).status == 1)
    #expect(try Self.read(bytes + [0], key: key).status == 1)
    altered = bytes
    altered[40] ^= 1
    #expect(try Self.read(altered, key: key).status == 1)
    #expect(try Self.read(bytes, key: Samples.publicKey(2)).status == 1)
  }

  // MARK: What headquarters signed

  private struct Card: Decodable, Equatable {
    var node: String
    var key: String
    var headquarters: Bool
    var federation: String
    var name: String
    var issuedAt: Int64
  }

  private struct SeenTip: Decodable, Equatable {
    var channel: String
    var origin: String
    var sequence: Int64
    var hash: String

    init(_ entry: FrontierEntry) {
      channel = entry.channel.description
      origin = entry.tip.origin.hex
      sequence = entry.tip.sequence
      hash = entry.tip.hash.hex
    }
  }

  private struct SeenReceipt: Decodable {
    var node: String
    var at: Int64
    var tips: [SeenTip]
    var open: String
  }

  private struct SeenEvidence: Decodable {
    var card: Card
    var open: [SeenTip]
    var receipts: [SeenReceipt]
    var boundAt: Int64?
  }

  private static func signed<Seen: Decodable>(_ what: String, _ bytes: [UInt8]) throws -> Seen {
    let run = try read(bytes, key: Samples.publicKey(0), with: "read_signed", [what])
    #expect(run.status == 0, "\(run.errors)")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Seen.self, from: Data(run.output.utf8))
  }

  @Test("reads cards, receipts and evidence", .enabled(if: python != nil, lacking))
  func readsSigned() throws {
    let card = try Samples.card()
    let expected = Card(
      node: card.id.hex, key: Hex.string(card.publicKey), headquarters: card.role.isHeadquarters,
      federation: card.role.federation, name: card.name, issuedAt: card.issuedAt)
    #expect(try Self.signed("card", card.bytes) == expected)

    let receipt = try Samples.receipt(seed: 5)
    let seen: SeenReceipt = try Self.signed("receipt", receipt.bytes)
    #expect(seen.node == receipt.node.hex && seen.at == receipt.at && seen.open == receipt.openDigest?.hex)
    #expect(seen.tips == receipt.tips.map(SeenTip.init))

    let evidence = try Samples.evidence(seed: 6)
    let read: SeenEvidence = try Self.signed("evidence", evidence.bytes)
    #expect(read.card == expected && read.open == evidence.open.map(SeenTip.init))
    #expect(read.receipts.count == 2 && read.boundAt == evidence.binding?.at && read.boundAt != nil)
  }

  @Test("refuses what is signed otherwise", .enabled(if: python != nil, lacking))
  func refusesSigned() throws {
    let samples = [
      ("card", try Samples.card().bytes), ("receipt", try Samples.receipt(seed: 5).bytes),
      ("evidence", try Samples.evidence(seed: 6).bytes),
    ]
    for (what, bytes) in samples {
      #expect(try Self.read(bytes, key: Samples.publicKey(1), with: "read_signed", [what]).status == 1)
      // Only a receipt binds what evidence claims to hold, and an altered one binds nothing.
      for place in [0, bytes.count - 1] + (what == "evidence" ? [] : [bytes.count / 2]) {
        var altered = bytes
        altered[place] ^= 1
        #expect(try Self.read(altered, key: Samples.publicKey(0), with: "read_signed", [what]).status == 1)
      }
      for (other, _) in samples where other != what {
        #expect(try Self.read(bytes, key: Samples.publicKey(0), with: "read_signed", [other]).status == 1)
      }
    }
  }
}
