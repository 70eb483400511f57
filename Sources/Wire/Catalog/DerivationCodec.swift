import Limits
import SyncCore

/// The derivations of a catalog, which its second form added.
extension CatalogCodec {
  static func encode(_ derivation: Derivation, into writer: inout ByteWriter) {
    for name in [derivation.id, derivation.title, derivation.source, derivation.target, derivation.span.rawValue] {
      writer.text(name)
    }
    writer.count(derivation.key.count)
    for part in derivation.key {
      switch part {
      case .field(let name):
        writer.byte(1)
        writer.text(name)
      case .each(let name):
        writer.byte(2)
        writer.text(name)
      case .span: writer.byte(3)
      case .federation: writer.byte(4)
      case .text(let text):
        writer.byte(5)
        writer.text(text)
      }
    }
    encode(derivation.conditions, into: &writer)
    writer.count(derivation.measures.count)
    for measure in derivation.measures {
      writer.text(measure.field)
      writer.byte(measure.distinct == nil ? 0 : 1)
      if let distinct = measure.distinct { writer.text(distinct) }
      encode(measure.conditions, into: &writer)
    }
    writer.count(derivation.marks.count)
    for mark in derivation.marks {
      writer.text(mark.field)
      writer.text(mark.value)
    }
    writer.text(derivation.withheldField)
    writer.zigzag(derivation.threshold)
    writer.count(derivation.sums.count)
    for sum in derivation.sums {
      switch sum {
      case .over(let column):
        writer.byte(1)
        writer.text(column)
      case .under(let column, let links, let parent, let end):
        writer.byte(2)
        for name in [column, links, parent, end] { writer.text(name) }
      }
    }
  }

  private static func encode(_ conditions: [Derivation.Condition], into writer: inout ByteWriter) {
    writer.count(conditions.count)
    for condition in conditions {
      writer.text(condition.field)
      switch condition.test {
      case .reached: writer.byte(1)
      case .notReached: writer.byte(2)
      case .within: writer.byte(3)
      case .younger(let years):
        writer.byte(4)
        writer.count(years)
      case .oneOf(let texts):
        writer.byte(5)
        encode(texts, into: &writer)
      }
      writer.byte(condition.allowsEmpty ? 1 : 0)
    }
  }

  static func decodeDerivation(_ reader: inout ByteReader) throws(WireError) -> Derivation {
    Derivation(
      id: try name(&reader), title: try name(&reader), source: try name(&reader), target: try name(&reader),
      span: try choice(&reader, Derivation.Span.self),
      key: try list(&reader, limit: WireLimits.keyColumns, of: "key columns", decodePart),
      conditions: try list(&reader, limit: WireLimits.conditions, of: "conditions", decodeCondition),
      measures: try list(&reader, limit: Kind.largestFieldID, of: "measures", decodeMeasure),
      marks: try list(&reader, limit: Kind.largestFieldID, of: "marks") { (reader) throws(WireError) in
        Derivation.Mark(field: try name(&reader), value: try name(&reader))
      },
      withheldField: try name(&reader), threshold: try reader.zigzag(),
      sums: try list(&reader, limit: WireLimits.conditions, of: "sums", decodeSum))
  }

  private static func decodePart(_ reader: inout ByteReader) throws(WireError) -> Derivation.KeyPart {
    switch try reader.byte() {
    case 1: return .field(try name(&reader))
    case 2: return .each(try name(&reader))
    case 3: return .span
    case 4: return .federation
    case 5: return .text(try name(&reader))
    default: throw reader.error(.unsupported, "a key column of a derivation has an unknown form")
    }
  }

  private static func decodeMeasure(_ reader: inout ByteReader) throws(WireError) -> Derivation.Measure {
    let field = try name(&reader)
    let distinct: String?
    switch try reader.byte() {
    case 0: distinct = nil
    case 1: distinct = try name(&reader)
    default: throw reader.error(.unsupported, "a measure counts in an unknown way")
    }
    return Derivation.Measure(
      field: field, distinct: distinct,
      conditions: try list(&reader, limit: WireLimits.conditions, of: "conditions", decodeCondition))
  }

  private static func decodeCondition(_ reader: inout ByteReader) throws(WireError) -> Derivation.Condition {
    let field = try name(&reader)
    let test: Derivation.Test
    switch try reader.byte() {
    case 1: test = .reached
    case 2: test = .notReached
    case 3: test = .within
    case 4: test = .younger(than: try number(&reader))
    case 5: test = .oneOf(try names(&reader))
    default: throw reader.error(.unsupported, "a condition has an unknown form")
    }
    return Derivation.Condition(field: field, test: test, allowsEmpty: try reader.byte() == 1)
  }

  private static func decodeSum(_ reader: inout ByteReader) throws(WireError) -> Derivation.KnownSum {
    switch try reader.byte() {
    case 1: return .over(try name(&reader))
    case 2:
      return .under(
        column: try name(&reader), linkKind: try name(&reader), parentField: try name(&reader),
        endField: try name(&reader))
    default: throw reader.error(.unsupported, "a sum has an unknown form")
    }
  }
}
