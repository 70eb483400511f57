import SyncCore

extension KindBlock {
  /// The least and the greatest key of the block.
  public var keyRange: (low: RecordKey, high: RecordKey)? {
    guard count > 0 else { return nil }
    var low = 0
    var high = 0
    for place in 1..<max(count, 1) {
      if precedes(place, low) { low = place }
      if precedes(high, place) { high = place }
    }
    return (key(low), key(high))
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    for column in keys {
      let x = column[a]
      let y = column[b]
      if x.lexicographicallyPrecedes(y) { return true }
      if !x.elementsEqual(y) { return false }
    }
    return false
  }
}
