/// How many letters two codes differ by.
public enum EditDistance {
  /// How many letters have to be changed, added, left out or swapped with their neighbour to make one code of another;
  /// nil if they are more than `most`.
  public static func between(_ a: String, _ b: String, atMost most: Int) -> Int? {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard abs(a.count - b.count) <= most else { return nil }
    var before: [Int] = []
    var last = Array(0...b.count)
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, before[j - 1] + 1) }
        row.append(least)
      }
      (before, last) = (last, row)
    }
    return last[b.count] <= most ? last[b.count] : nil
  }
}
