import SyncCore

/// A catalog as read so far, with the places that findings refer to.
struct CatalogDraft {
  var version = 1
  var title = ""
  var kinds: [KindDraft] = []
  var indicators: [IndicatorDraft] = []
  var derivations: [DerivationDraft] = []
  var retiredKinds: [Int] = []
  var observers: [Observer] = []
  /// The place of `version`, or the beginning of `catalog.toml`.
  var versionPlace: Place
  /// The place of `retired_kinds`, or the beginning of `catalog.toml`.
  var retiredPlace: Place

  var catalog: Catalog {
    Catalog(
      version: version, title: title, kinds: kinds.map(\.kind), indicators: indicators.map(\.indicator),
      derivations: derivations.map(\.derivation), retiredKinds: retiredKinds.map { KindID($0) },
      observers: observers)
  }

  func kind(named name: String) -> Kind? { kinds.first { $0.kind.name.sameBytes(as: name) }?.kind }
}

/// A kind with the places of its parts.
struct KindDraft {
  var kind: Kind
  var place: Place
  /// The places of `id`, `class`, `append_only` and `key`, or that of the kind where they are left out.
  var idPlace: Place
  var classPlace: Place
  var appendOnlyPlace: Place
  var keyPlace: Place
  /// The places of fields, groups and key columns, by name.
  var columnPlaces: [(name: String, place: Place)]
  /// Every reference, to be checked once all kinds are known.
  var references: [(target: String, subject: String, isLocal: Bool, place: Place)]

  func place(of name: String) -> Place { columnPlaces.first { $0.name.sameBytes(as: name) }?.place ?? place }
}

/// An indicator with its place.
struct IndicatorDraft {
  var indicator: Indicator
  var place: Place
}

/// A derivation with its place and that of its threshold.
struct DerivationDraft {
  var derivation: Derivation
  var place: Place
  var thresholdPlace: Place
}

/// A named list of codes from `codes.toml`.
struct CodeList {
  var name: String
  var codes: [String]
}
