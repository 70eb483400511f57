import Foundation
import TestSupport
import Testing

extension ProgramResult {
  /// The output as one JSON document, read by Foundation's reader.
  func json(sourceLocation: SourceLocation = #_sourceLocation) throws -> Document {
    do { return try JSONDecoder().decode(Document.self, from: Data(output.utf8)) } catch {
      Issue.record("no JSON: \(output.prefix(500)) \(errors)", sourceLocation: sourceLocation)
      throw error
    }
  }
}

/// A JSON document as a test looks at it. What is not there is nil, and null is not nil.
indirect enum Document: Decodable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral
{
  case null
  case bool(Bool)
  case integer(Int64)
  case decimal(Double)
  case text(String)
  case array([Document])
  case object([String: Document])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .decimal(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([Document].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: Document].self))
    }
  }

  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int64) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }

  subscript(_ name: String) -> Document? {
    if case .object(let members) = self { members[name] } else { nil }
  }

  subscript(_ index: Int) -> Document? {
    if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
  }

  var elements: [Document] {
    if case .array(let elements) = self { elements } else { [] }
  }

  var names: Set<String> {
    if case .object(let members) = self { Set(members.keys) } else { [] }
  }

  var text: String? {
    if case .text(let text) = self { text } else { nil }
  }

  var integer: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }
}
