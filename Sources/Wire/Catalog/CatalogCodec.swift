import Crypto
import Limits
import SyncCore

/// A catalog as headquarters publishes it: one canonical run of bytes with headquarters' signature.
public struct PublishedCatalog: Equatable, Sendable {
  static let domain = Array("birlik.catalog.v1\0".utf8)
  private static let reading = "reading a catalog"

  public let catalog: Catalog
  /// The whole catalog with the signature, as it travels and is stored.
  public let bytes: [UInt8]

  /// Signs a catalog with headquarters' key.
  ///
  /// - Throws: `WireError` when it is larger than `WireLimits.catalogBytes` or the key does not sign.
  public static func sign(
    _ catalog: Catalog, by key: Curve25519.Signing.PrivateKey
  ) throws(WireError) -> PublishedCatalog {
    var writer = ByteWriter()
    CatalogCodec.encode(catalog, into: &writer)
    guard writer.bytes.count + 64 <= WireLimits.catalogBytes,
      let signature = try? key.signature(for: domain + writer.bytes)
    else { throw WireError(.tooLarge, "signing a catalog", "it takes \(writer.bytes.count) bytes") }
    writer.raw(Array(signature))
    return try PublishedCatalog(bytes: writer.bytes, signedBy: Array(key.publicKey.rawRepresentation))
  }

  /// Reads a catalog and checks headquarters' signature.
  ///
  /// - Throws: `WireError` for anything but a whole catalog signed by that key.
  public init(bytes: [UInt8], signedBy headquarters: [UInt8]) throws(WireError) {
    guard bytes.count > 64, bytes.count <= WireLimits.catalogBytes,
      Signature.isValid(Array(bytes.suffix(64)), of: Self.domain + bytes.dropLast(64), by: headquarters)
    else { throw WireError(.badSignature, Self.reading, "headquarters did not sign it") }
    catalog = try Self.unsigned(bytes)
    self.bytes = bytes
  }

  /// Reads a catalog that was checked when it was stored.
  ///
  /// - Throws: `WireError` for bytes that are not one.
  public init(stored bytes: [UInt8]) throws(WireError) {
    catalog = try Self.unsigned(bytes)
    self.bytes = bytes
  }

  private static func unsigned(_ bytes: [UInt8]) throws(WireError) -> Catalog {
    var reader = ByteReader(bytes.dropLast(64), operation: reading)
    let catalog = try CatalogCodec.decode(&reader)
    try reader.finish()
    // Its names become part of SQL, so it is refused when it is not sound, even with a valid signature.
    if let flaw = catalog.flaw { throw WireError(.malformed, reading, flaw) }
    return catalog
  }
}

/// The canonical bytes of a catalog: the same catalog always gives the same bytes.
enum CatalogCodec {
  /// The forms of a catalog: without derivations and observers, which the first programs read too, with derivations, and
  /// with observers.
  private static let forms: (plain: UInt8, withDerivations: UInt8, withObservers: UInt8) = (1, 2, 3)

  private static func form(_ catalog: Catalog) -> UInt8 {
    if !catalog.observers.isEmpty { return forms.withObservers }
    return catalog.derivations.isEmpty ? forms.plain : forms.withDerivations
  }

  static func encode(_ catalog: Catalog, into writer: inout ByteWriter) {
    writer.byte(form(catalog))
    writer.count(catalog.version)
    writer.text(catalog.title)
    writer.count(catalog.kinds.count)
    for kind in catalog.kinds { encode(kind, into: &writer) }
    writer.count(catalog.retiredKinds.count)
    for id in catalog.retiredKinds.sorted() { writer.id(id) }
    writer.count(catalog.indicators.count)
    for indicator in catalog.indicators { encode(indicator, into: &writer) }
    guard form(catalog) != forms.plain else { return }
    writer.count(catalog.derivations.count)
    for derivation in catalog.derivations { encode(derivation, into: &writer) }
    guard form(catalog) == forms.withObservers else { return }
    writer.count(catalog.observers.count)
    for observer in catalog.observers {
      writer.text(observer.federation)
      writer.byte((observer.readsMembers ? 1 : 0) | (observer.writesOpen ? 2 : 0))
    }
  }

  static func decode(_ reader: inout ByteReader) throws(WireError) -> Catalog {
    let form = try reader.byte()
    guard (forms.plain...forms.withObservers).contains(form) else {
      throw reader.error(.unsupported, "its form \(form) is newer than this program: upgrade birlik here")
    }
    let version = try reader.count(limit: WireLimits.catalogVersion, of: "catalog versions")
    let title = try name(&reader)
    let kinds = try list(&reader, limit: WireLimits.catalogList, of: "kinds", decodeKind)
    let retired = try list(&reader, limit: WireLimits.largestID, of: "retired kinds", number)
    let indicators = try list(&reader, limit: WireLimits.catalogFigures, of: "indicators", decodeIndicator)
    guard !kinds.contains(where: { SystemKind.isReserved($0.id) }) else {
      throw reader.error(.malformed, "a kind has a number that no catalog may give")
    }
    let derivations =
      form == forms.plain
      ? [] : try list(&reader, limit: WireLimits.catalogFigures, of: "derivations", decodeDerivation)
    let observers =
      form == forms.withObservers
      ? try list(&reader, limit: WireLimits.catalogList, of: "observers", decodeObserver) : []
    guard form == forms.plain || !derivations.isEmpty || !observers.isEmpty else {
      throw reader.error(.malformed, "it has the form of one with derivations, and none")
    }
    guard form != forms.withObservers || !observers.isEmpty else {
      throw reader.error(.malformed, "it has the form of one with observers, and none")
    }
    return Catalog(
      version: version, title: title, kinds: kinds, indicators: indicators, derivations: derivations,
      retiredKinds: retired.map { KindID($0) }, observers: observers)
  }

  private static func decodeObserver(_ reader: inout ByteReader) throws(WireError) -> Observer {
    let federation = try reader.text(limit: FederationCode.maximumLength, of: "a federation")
    let rights = try reader.byte()
    guard FederationCode.isValid(federation), rights <= 3 else {
      throw reader.error(.malformed, "an observer's code or rights are not proper")
    }
    return Observer(federation: federation, readsMembers: rights & 1 != 0, writesOpen: rights & 2 != 0)
  }

  // MARK: Kinds

  private static func encode(_ kind: Kind, into writer: inout ByteWriter) {
    writer.id(kind.id)
    writer.text(kind.name)
    writer.text(kind.title)
    writer.text(kind.recordClass.rawValue)
    writer.byte(kind.appendOnly ? 1 : 0)
    writer.text(kind.deletion.rawValue)
    writer.count(kind.key.count)
    for column in kind.key {
      writer.text(column.name)
      encode(column.type, into: &writer)
    }
    writer.count(kind.fields.count)
    for field in kind.fields {
      writer.id(field.id)
      writer.text(field.name)
      encode(field.type, into: &writer)
      writer.text(field.rule.rawValue)
      writer.id(field.group ?? 0)
      writer.byte((field.isLocal ? 1 : 0) | (field.isDeprecated ? 2 : 0))
    }
    writer.count(kind.groups.count)
    for group in kind.groups {
      writer.id(group.id)
      writer.text(group.name)
      writer.text(group.rule.rawValue)
    }
    writer.count(kind.retiredFields.count)
    for id in kind.retiredFields.sorted() { writer.count(id) }
  }

  private static func decodeKind(_ reader: inout ByteReader) throws(WireError) -> Kind {
    let id = KindID(try number(&reader))
    let name = try name(&reader)
    let title = try self.name(&reader)
    let recordClass = try choice(&reader, RecordClass.self)
    let appendOnly = try reader.byte() == 1
    let deletion = try choice(&reader, DeletionRule.self)
    let key = try list(&reader, limit: WireLimits.keyColumns, of: "key columns") { (reader) throws(WireError) in
      KeyColumn(name: try self.name(&reader), type: try decodeType(&reader))
    }
    let fields = try list(&reader, limit: Kind.largestFieldID, of: "fields") { (reader) throws(WireError) in
      let id = FieldID(try number(&reader))
      let name = try self.name(&reader)
      let type = try decodeType(&reader)
      let rule = try choice(&reader, MergeRule.self)
      let group = RegisterID(try number(&reader))
      let marks = try reader.byte()
      return Field(
        id: id, name: name, type: type, rule: rule, group: group == 0 ? nil : group, isLocal: marks & 1 != 0,
        isDeprecated: marks & 2 != 0)
    }
    let groups = try list(&reader, limit: Kind.largestFieldID, of: "groups") { (reader) throws(WireError) in
      FieldGroup(
        id: RegisterID(try number(&reader)), name: try self.name(&reader), rule: try choice(&reader, MergeRule.self))
    }
    let retired = try list(&reader, limit: WireLimits.catalogList, of: "retired fields", number)
    return Kind(
      id: id, name: name, title: title, recordClass: recordClass, appendOnly: appendOnly, deletion: deletion, key: key,
      fields: fields, groups: groups, retiredFields: retired)
  }

  private static func encode(_ type: FieldType, into writer: inout ByteWriter) {
    switch type {
    case .text: writer.byte(0)
    case .integer(let minimum, let maximum):
      writer.byte(1)
      writer.byte((minimum == nil ? 0 : 1) | (maximum == nil ? 0 : 2))
      if let minimum { writer.zigzag(minimum) }
      if let maximum { writer.zigzag(maximum) }
    case .boolean: writer.byte(2)
    case .date: writer.byte(3)
    case .period: writer.byte(4)
    case .code(let codes):
      writer.byte(5)
      writer.count(codes.count)
      for code in codes { writer.text(code) }
    case .ref(let kind):
      writer.byte(6)
      writer.text(kind)
    case .set: writer.byte(7)
    case .money: writer.byte(8)
    }
  }

  private static func decodeType(_ reader: inout ByteReader) throws(WireError) -> FieldType {
    switch try reader.byte() {
    case 0: return .text
    case 1:
      let marks = try reader.byte()
      let minimum: Int64? = marks & 1 != 0 ? try reader.zigzag() : nil
      let maximum: Int64? = marks & 2 != 0 ? try reader.zigzag() : nil
      return .integer(minimum: minimum, maximum: maximum)
    case 2: return .boolean
    case 3: return .date
    case 4: return .period
    case 5: return .code(try list(&reader, limit: WireLimits.codesPerField, of: "codes", name))
    case 6: return .ref(kind: try name(&reader))
    case 7: return .set
    case 8: return .money
    default: throw reader.error(.unsupported, "a field has an unknown type")
    }
  }

  // MARK: Indicators

  private static func encode(_ indicator: Indicator, into writer: inout ByteWriter) {
    writer.text(indicator.id)
    writer.text(indicator.title)
    switch indicator.definition {
    case .stock(let stock):
      writer.byte(1)
      for name in [stock.kind, stock.unitColumn, stock.dateColumn, stock.axisColumn, stock.axis, stock.valueField] {
        writer.text(name)
      }
      encode(stock.excludedSorts, into: &writer)
      encode(stock.expectedSorts, into: &writer)
      encode(stock.units, into: &writer)
      encode(stock.published, into: &writer)
    case .openUnits(let open):
      writer.byte(2)
      writer.text(open.sort)
      encode(open.units, into: &writer)
      encode(open.published, into: &writer)
    case .ratio(let ratio):
      writer.byte(3)
      writer.text(ratio.numerator)
      writer.text(ratio.denominator)
      writer.zigzag(ratio.factor)
    }
  }

  private static func decodeIndicator(_ reader: inout ByteReader) throws(WireError) -> Indicator {
    let id = try name(&reader)
    let title = try name(&reader)
    switch try reader.byte() {
    case 1:
      return Indicator(
        id: id, title: title,
        definition: .stock(
          Indicator.Stock(
            kind: try name(&reader), unitColumn: try name(&reader), dateColumn: try name(&reader),
            axisColumn: try name(&reader), axis: try name(&reader), valueField: try name(&reader),
            excludedSorts: try names(&reader), expectedSorts: try names(&reader), units: try decodeUnits(&reader),
            published: try decodePublished(&reader))))
    case 2:
      return Indicator(
        id: id, title: title,
        definition: .openUnits(
          Indicator.OpenUnits(
            sort: try name(&reader), units: try decodeUnits(&reader), published: try decodePublished(&reader))))
    case 3:
      return Indicator(
        id: id, title: title,
        definition: .ratio(
          Indicator.Ratio(
            numerator: try name(&reader), denominator: try name(&reader), factor: try reader.zigzag())))
    default: throw reader.error(.unsupported, "an indicator has an unknown definition")
    }
  }

  private static func encode(_ units: Indicator.Units, into writer: inout ByteWriter) {
    for name in [
      units.kind, units.sortField, units.openedField, units.closedField, units.statusField, units.linkKind,
      units.parentField, units.linkEndField,
    ] { writer.text(name) }
    encode(units.statuses, into: &writer)
  }

  private static func decodeUnits(_ reader: inout ByteReader) throws(WireError) -> Indicator.Units {
    var texts: [String] = []
    for _ in 0..<8 { texts.append(try name(&reader)) }
    return Indicator.Units(
      kind: texts[0], sortField: texts[1], openedField: texts[2], closedField: texts[3], statusField: texts[4],
      statuses: try names(&reader), linkKind: texts[5], parentField: texts[6], linkEndField: texts[7])
  }

  private static func encode(_ published: Indicator.Published, into writer: inout ByteWriter) {
    writer.text(published.kind)
    writer.text(published.measure)
    writer.text(published.valueField)
  }

  private static func decodePublished(_ reader: inout ByteReader) throws(WireError) -> Indicator.Published {
    Indicator.Published(kind: try name(&reader), measure: try name(&reader), valueField: try name(&reader))
  }

  // MARK: Parts

  static func encode(_ names: [String], into writer: inout ByteWriter) {
    writer.count(names.count)
    for name in names { writer.text(name) }
  }

  static func names(_ reader: inout ByteReader) throws(WireError) -> [String] {
    try list(&reader, limit: WireLimits.catalogList, of: "names", name)
  }

  static func name(_ reader: inout ByteReader) throws(WireError) -> String {
    try reader.text(limit: WireLimits.nameBytes, of: "a name")
  }

  static func number(_ reader: inout ByteReader) throws(WireError) -> Int {
    try reader.count(limit: WireLimits.largestID, of: "ids")
  }

  static func choice<Value: RawRepresentable>(
    _ reader: inout ByteReader, _ type: Value.Type
  ) throws(WireError) -> Value where Value.RawValue == String {
    let text = try name(&reader)
    guard let value = Value(rawValue: text) else { throw reader.error(.unsupported, "'\(text)' is unknown here") }
    return value
  }

  static func list<Element>(
    _ reader: inout ByteReader, limit: Int, of what: String,
    _ element: (inout ByteReader) throws(WireError) -> Element
  ) throws(WireError) -> [Element] {
    var elements: [Element] = []
    for _ in 0..<(try reader.count(limit: limit, of: what)) { elements.append(try element(&reader)) }
    return elements
  }
}
