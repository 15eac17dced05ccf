/// Says how much a test has tried, for `Scripts/test`, which fails where a count falls below its floor.
func promise(_ name: String, count: Int) {
    print("promise: \(name) count=\(count)")
}
