extension [[UInt8]] {
    /// The same items in parts of about so many bytes; none where there are no items.
    package func parts(ofBytes limit: Int) -> [[[UInt8]]] {
        var parts: [[[UInt8]]] = []
        var size = 0
        for item in self {
            if parts.isEmpty || size + item.count > limit {
                parts.append([])
                size = 0
            }
            parts[parts.count - 1].append(item)
            size += item.count + 3
        }
        return parts
    }
}
