import Consolidation
import Store

/// The places where published figures contradict each other or themselves, computed from the records.
///
/// Birlik keeps two published figures as two facts. It shows what does not fit and changes nothing.
struct DemoContradictions {
  struct Item {
    var title: String
    /// Nil when the records that it needs are not all there.
    var words: String?
  }

  private let figures: DemoFigures
  private let members: TotalsReport
  private(set) var all: [Item] = []

  init(_ store: Store, _ members: TotalsReport) throws {
    figures = try DemoFigures(store)
    self.members = members
    let seats = try Self.observers(store)
    let spellings = try Self.spellings(store)
    all = [
      Item(title: "claimed and declared", words: claimed()),
      Item(title: "earlier and later members", words: changes()),
      Item(title: "disputes resolved", words: disputes()),
      Item(title: "agreements and units", words: agreements()),
      Item(title: "training", words: training()),
      Item(title: "sum of primary organizations", words: primaries()),
      Item(title: "observer with seats", words: seats),
      Item(title: "spellings of names", words: spellings),
    ]
  }

  private func claimed() -> String? {
    guard let claimed = figures.latest("members", of: "otuts"), let declared = members.declared?.value,
      let residual = members.residual, let workers = figures.latest("workers_represented", of: "otuts")
    else { return nil }
    let silent = members.rows.filter { $0.declared.isEmpty }.map(\.unit)
    return "OTUTS declares \(claimed.words) members; the \(members.rows.count - silent.count) federations that publish "
      + "any add up to \(DemoText.grouped(declared)) (\(DemoText.list(silent)) publishes none). "
      + "\(DemoText.grouped(residual)) have no source. Of \(workers.words) workers the claim is "
      + "\(DemoText.percent(claimed.value, of: workers.value)), the declared part "
      + "\(DemoText.percent(declared, of: workers.value))."
  }

  private func changes() -> String? {
    let parts = figures.units(publishing: "members").compactMap { unit -> String? in
      // The latest beside the first.
      let known = figures.all("members", of: unit)
      guard let last = known.first, let first = known.last, known.count > 1 else { return nil }
      return "\(unit) \(first.words) (\(first.asOf), \(first.source)) and \(last.words) (\(last.asOf), \(last.source))"
    }
    guard !parts.isEmpty else { return nil }
    return
      "Two figures each for the members of \(parts.joined(separator: ", and of ")). Losses, or other ways of counting?"
  }

  private func disputes() -> String? {
    guard let resolved = figures.latest("labour_disputes_resolved_without_strike", of: "fturk"),
      let all = figures.all("labour_disputes", of: "fturk").first(where: { $0.asOf == resolved.asOf })
    else { return nil }
    let rest = all.value - resolved.value
    // The printed percentage is no record: it is only in the text of the document.
    return "FTURK resolved \(resolved.value) of \(all.value) labour disputes of \(all.asOf) without a strike: "
      + "\(DemoText.percent(resolved.value, of: all.value)). The document (\(resolved.source)) prints 28 %: that is the "
      + "share of the \(rest) others, \(DemoText.percent(rest, of: all.value))."
  }

  private func agreements() -> String? {
    guard let unions = figures.latest("regional_unions", of: "fturk"),
      let regional = figures.latest("regional_agreements", of: "fturk"),
      let enterprises = figures.latest("enterprises_with_collective_agreement", of: "fturk"),
      let primaries = figures.latest("primary_organizations", of: "fturk")
    else { return nil }
    return "FTURK has \(unions.words) regional unions but \(regional.words) regional agreements; and "
      + "\(enterprises.words) enterprises with a collective agreement against \(primaries.words) primary organizations, "
      + "\(DemoText.tenths(enterprises.value * 10 / max(1, primaries.value))) times as many."
  }

  private func training() -> String? {
    let parts = [("", ""), ("disputes_", " on disputes"), ("annual_", " a year")].compactMap {
      prefix, kind -> String? in
      guard let seminars = figures.latest(prefix + "training_seminars", of: "fturk"),
        let people = figures.latest(prefix + "training_participants", of: "fturk")
      else { return nil }
      return
        "\(seminars.words) seminars\(kind) with \(people.words) participants (\(seminars.asOf), \(seminars.source))"
    }
    guard parts.count == 3 else { return nil }
    return "FTURK's training is counted in three ways: \(DemoText.list(parts))."
  }

  private func primaries() -> String? {
    let latest = members.rows.compactMap { figures.latest("primary_organizations", of: $0.unit) }
    guard latest.count > 1 else { return nil }
    let sum = latest.reduce(Int64(0)) { $0 + $1.value }
    return "Primary organizations are published by \(latest.count) of \(members.rows.count) federations: "
      + latest.map(\.words).joined(separator: " + ") + " = \(DemoText.grouped(sum))."
  }

  // MARK: Seats and names

  private static func observers(_ store: Store) throws -> String? {
    let mandates = try DemoRecord.all("mandate", store)
    let bodies = try DemoRecord.all("body", store)
    let observers = try DemoRecord.all("org_unit", store, filters: [("membership_status", "observer")])
    let parts = observers.compactMap { unit -> String? in
      let code = unit.text("code")
      let seats = mandates.filter { $0.text("home_unit") == code && $0.text("seat") == "full" }
      guard !seats.isEmpty else { return nil }
      let names = bodies.filter { body in seats.contains { $0.text("body") == body.text("code") } }.map {
        $0.text("name")
      }
      let people = seats.map { "\($0.text("person")), \($0.text("title"))" }
      return "\(code) is an observer since \(unit.text("status_since")), yet holds a full seat in \(names.count) of "
        + "\(bodies.count) bodies: \(DemoText.list(names)) (\(people.joined(separator: "; ")))"
    }
    return parts.isEmpty ? nil : parts.joined(separator: "; ") + "."
  }

  /// Other spellings are in the text of the documents, not in records, so they can only be pointed to.
  private static func spellings(_ store: Store) throws -> String? {
    let people = try DemoRecord.all("mandate", store).map { $0.text("person") }
    let parts = [("Satybaldy", "Satylbaldy"), ("Kudratulla", "Kudratilla")].compactMap { known, other -> String? in
      people.first { $0.hasPrefix(known + " ") }.map { "\($0) (also \(other))" }
    }
    guard parts.count == 2 else { return nil }
    return "The documents spell some people in several ways: \(DemoText.list(parts)). Nobody is merged automatically."
  }
}
