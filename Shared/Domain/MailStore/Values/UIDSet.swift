// SPDX-License-Identifier: Apache-2.0

/// A set of UIDs as sorted ranges that neither overlap nor touch. `*` and sequence numbers were resolved by the caller.
package struct UIDSet: Sendable, Equatable, ExpressibleByArrayLiteral {
    package private(set) var ranges: [ClosedRange<UInt32>] = []

    package init() {}
    package init(arrayLiteral elements: UInt32...) { self.init(elements) }
    package init(_ range: ClosedRange<UInt32>) { ranges = [range] }
    package init(_ uids: some Sequence<UInt32>) { self.init(ranges: uids.map { $0...$0 }) }

    /// Any ranges, in any order.
    package init(ranges: [ClosedRange<UInt32>]) {
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last,
                last.upperBound == .max || range.lowerBound <= last.upperBound + 1
            {
                if range.upperBound > last.upperBound {
                    self.ranges[self.ranges.count - 1] = last.lowerBound...range.upperBound
                }
            } else {
                self.ranges.append(range)
            }
        }
    }

    package static let all = UIDSet(1...UInt32.max)

    package var isEmpty: Bool { ranges.isEmpty }
    package var count: Int { ranges.reduce(0) { $0 + Int($1.upperBound - $1.lowerBound) + 1 } }
    package var first: UInt32? { ranges.first?.lowerBound }
    package var last: UInt32? { ranges.last?.upperBound }

    /// All members, ascending. Mind the count: `1:*` is four thousand million.
    package var members: some Sequence<UInt32> { ranges.lazy.flatMap { $0 } }

    /// Those within `bounds`.
    package func clamped(to bounds: ClosedRange<UInt32>) -> UIDSet {
        var result = UIDSet()
        result.ranges = ranges.filter { $0.overlaps(bounds) }.map { $0.clamped(to: bounds) }
        return result
    }

    /// In O(log n).
    package func contains(_ uid: UInt32) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < uid { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(uid)
    }

    /// Cheap when `uid` is above every member: how the store builds its results.
    package mutating func insert(_ uid: UInt32) {
        guard let last = ranges.last else {
            ranges = [uid...uid]
            return
        }
        if last.upperBound < UInt32.max, uid == last.upperBound + 1 {
            ranges[ranges.count - 1] = last.lowerBound...uid
        } else if uid > last.upperBound {
            ranges.append(uid...uid)
        } else if !contains(uid) {
            self = UIDSet(ranges: ranges + [uid...uid])
        }
    }
}
