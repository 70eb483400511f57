import Consolidation
import SyncCore

/// One row of `birlik_total`.
struct TotalSlot: Hashable {
  var indicator: String
  var key: TotalKey
}

/// Sums steps before they are written. Most of a bulk fall into one slot after another, so the last one is kept at hand.
struct TotalsAccumulator {
  private var deltas: [TotalSlot: TotalDelta] = [:]
  private var last: Last?

  private struct Last {
    var indicator: Int
    var federation: [UInt8]
    var slot: [UInt8]
    var vintage: Int32
    var day: Int32
    var key: TotalSlot
    var delta: TotalDelta
  }

  mutating func add(_ indicator: String, _ steps: [TotalKey: TotalDelta], negated: Bool) {
    for (key, delta) in steps {
      deltas[TotalSlot(indicator: indicator, key: key), default: TotalDelta()] += negated ? -delta : delta
    }
  }

  /// Adds one step by its bytes, without building strings as long as the slot stays the same.
  ///
  /// - Parameter number: stands for `indicator` in comparisons.
  mutating func add(
    _ number: Int, _ indicator: String, federation: UnsafeBufferPointer<UInt8>, slot: UnsafeBufferPointer<UInt8>,
    vintage: Int32, day: Int32, _ delta: TotalDelta
  ) {
    if last?.indicator == number, last?.day == day, last?.vintage == vintage, last?.slot.elementsEqual(slot) == true,
      last?.federation.elementsEqual(federation) == true
    {
      last?.delta += delta
      return
    }
    flush()
    let key = TotalKey(
      federation: String(decoding: federation, as: UTF8.self), slot: String(decoding: slot, as: UTF8.self),
      vintage: vintage, day: day)
    last = Last(
      indicator: number, federation: Array(federation), slot: Array(slot), vintage: vintage, day: day,
      key: TotalSlot(indicator: indicator, key: key), delta: delta)
  }

  private mutating func flush() {
    guard let last else { return }
    deltas[last.key, default: TotalDelta()] += last.delta
    self.last = nil
  }

  /// All sums that are not zero; the accumulator is empty afterwards.
  mutating func drain() -> [(TotalSlot, TotalDelta)] {
    flush()
    defer { deltas = [:] }
    return deltas.filter { !$0.value.isZero }.map { ($0.key, $0.value) }
  }
}
