extension HeadFacts {
  /// Items in the total order of their changes, the latest first.
  ///
  /// Written out because the standard library's sort does not pass the type of an error on.
  public func latestFirst<Item>(_ items: some Sequence<Item>, _ clock: (Item) -> Clock) throws(Failure) -> [Item] {
    var failure: Failure?
    let ordered = items.sorted { a, b in
      guard failure == nil else { return false }
      do throws(Failure) {
        return try precedes(clock(b), clock(a))
      } catch {
        failure = error
        return false
      }
    }
    if let failure { throw failure }
    return ordered
  }

  /// The change that comes first in the total order; nil for none.
  public func earliest(_ clocks: some Sequence<Clock>) throws(Failure) -> Clock? {
    var found: Clock?
    for clock in clocks {
      guard let known = found else {
        found = clock
        continue
      }
      if try precedes(clock, known) { found = clock }
    }
    return found
  }

  /// The change that comes last in the total order; nil for none.
  public func latest(_ clocks: some Sequence<Clock>) throws(Failure) -> Clock? {
    var found: Clock?
    for clock in clocks {
      guard let known = found else {
        found = clock
        continue
      }
      if try !precedes(clock, known) { found = clock }
    }
    return found
  }
}
