import Foundation
import SyncCore
import TestSupport
import Testing

@testable import Wire

/// Values that occur nowhere else, one for every place that may hold personal data.
struct Marks {
  struct Mark: Hashable, Sendable {
    /// The place, such as `member.name`.
    var place: String
    var text: String
  }

  private(set) var all: [Mark] = []
  private var days = 0

  /// A new value for a place, of a form that the type allows; nil for one of a few codes, which marks nothing.
  mutating func value(_ place: String, _ type: FieldType) -> String? {
    switch type {
    case .text, .ref: return add(place, word())
    case .set: return "[\"\(add(place, word()))\"]"
    case .date:
      days += 1
      return add(place, CalendarDay(number: -25_000 - Int32(days) * 3).iso)
    case .integer, .money: return add(place, String(Int64.random(in: 700_000_000_000_000..<800_000_000_000_000)))
    case .boolean, .period, .code: return nil
    }
  }

  private func word() -> String { "zq" + String((0..<14).map { _ in "bcdfghjkmnpqrstvwx".randomElement() ?? "b" }) }

  private mutating func add(_ place: String, _ text: String) -> String {
    all.append(Mark(place: place, text: text))
    return text
  }

  /// The places whose values occur in the bytes, as they are or in hexadecimal.
  func found(in bytes: Data) -> [String] {
    all.filter { mark in
      let plain = Data(mark.text.utf8)
      let hex = Data(plain.map { String(format: "%02X", $0) }.joined().utf8)
      return bytes.range(of: plain) != nil || bytes.range(of: hex) != nil
    }.map(\.place)
  }
}

extension RecordingProxy {
  /// What passed, unpacked: the keys and texts of every change and the content of every page of a snapshot.
  func unpacked(sourceLocation: SourceLocation = #_sourceLocation) throws -> (bytes: Data, changes: Int, pages: Int) {
    var bytes = Data()
    var (changes, pages) = (0, 0)
    func unpack(_ segments: [[UInt8]]) throws {
      for segment in segments {
        for change in try Segment(bytes: segment).blocks().flatMap(\.changes) {
          changes += 1
          bytes += Data(change.key.bytes) + [0]
          for register in change.registers {
            bytes += Data(register.key.element ?? []) + [0]
            for cell in register.content.cells { bytes += Data(cell.value.display.utf8) + [0] }
          }
        }
      }
    }
    for request in requests where request.path == "/v1/exchange" {
      try unpack(ExchangeRequest(bytes: request.body).segments)
    }
    for answer in answers {
      if let answer = try? ExchangeAnswer(bytes: answer) { try unpack(answer.segments) }
      guard let answer = try? SnapshotAnswer(bytes: answer) else { continue }
      for page in answer.pages {
        pages += 1
        let packed = page.dropFirst()
        // The manifest has the size; without it the largest that is allowed is tried.
        bytes += Data(page.first == 1 ? try Self.unzipped(Array(packed)) : Array(packed))
      }
    }
    return (bytes, changes, pages)
  }

  /// A whole frame, whose header has its unpacked size (RFC 8878).
  private static func unzipped(_ frame: [UInt8]) throws -> [UInt8] {
    guard frame.count > 14, let size = Self.contentSize(frame), let bytes = Zstandard.decompress(frame, size: size)
    else { throw TestProblem("a page does not unpack") }
    return bytes
  }

  private static func contentSize(_ frame: [UInt8]) -> Int? {
    let descriptor = frame[4]
    let isSingle = descriptor & 0x20 != 0
    let start = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][Int(descriptor & 3)]
    let length = [isSingle ? 1 : 0, 2, 4, 8][Int(descriptor >> 6)]
    guard length > 0 else { return nil }
    let size = frame[start..<(start + length)].reversed().reduce(0) { $0 << 8 | Int($1) }
    return length == 2 ? size + 256 : size
  }
}
