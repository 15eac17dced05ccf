import ParleyCore

/// Keys that sort items as text does, with room between any two of them.
package enum OrderKey {
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// The key of the `index`th item of a fresh list: four digits of base 36, more where they do not reach.
    package static func numbered(_ index: Int) -> String {
        let number = String(index, radix: 36)
        return String(repeating: "0", count: max(0, 4 - number.utf8.count)) + number
    }

    /// A key after `low` and, where there is room, before `high`.
    package static func between(_ low: String?, _ high: String?) -> String {
        guard let high else { return after(low ?? "") }
        let key = middle(Array((low ?? "").utf8), Array(high.utf8))
        guard let key, (low ?? "").isBefore(key), key.isBefore(high) else { return after(low ?? "") }
        return key
    }

    /// The last digit that can grow grows, and what follows it goes.
    private static func after(_ low: String) -> String {
        var key = Array(low.utf8)
        while let last = key.popLast() {
            guard let place = digits.firstIndex(of: last) else { break }
            if place + 1 < digits.count {
                return String(decoding: key + [digits[place + 1]], as: UTF8.self)
            }
        }
        return low + "V"
    }

    private static func middle(_ low: [UInt8], _ high: [UInt8]) -> String? {
        var key: [UInt8] = []
        var isBounded = true
        while key.count < FieldType.longestLine {
            let index = key.count
            guard !isBounded || index < high.count else { return nil }
            let floor = index < low.count ? digits.firstIndex(of: low[index]) : 0
            let ceiling = isBounded ? digits.firstIndex(of: high[index]) : digits.count
            guard let floor, let ceiling, floor <= ceiling else { return nil }
            if ceiling - floor > 1 {
                return String(decoding: key + [digits[(floor + ceiling) / 2]], as: UTF8.self)
            }
            if ceiling > floor { isBounded = false }
            key.append(digits[floor])
        }
        return nil
    }
}
