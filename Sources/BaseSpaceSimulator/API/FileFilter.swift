/// The filters of a list of files.
struct FileFilter: Hashable, Sendable {
    private let extensions: [String]?
    private let excludedExtensions: [String]
    /// Without slashes at its ends; nil: all.
    let directory: String?
    /// Whether what is deeper than `directory` counts too.
    private let isRecursive: Bool
    private let excludesEmpty: Bool

    init(_ parameters: Parameters) {
        func list(_ name: String) -> [String]? {
            parameters.list(name)?.map { ($0.hasPrefix(".") ? $0 : "." + $0).lowercased() }
        }
        extensions = list("Extensions")
        excludedExtensions = list("ExcludeExtensions") ?? []
        directory = parameters.nonEmpty("Directory").map { $0.split(separator: "/").joined(separator: "/") }
        isRecursive = parameters.isTrue("Recursive")
        excludesEmpty = parameters.isTrue("ExcludeEmptyFiles")
    }

    /// Whether nothing is filtered.
    var acceptsAll: Bool { extensions == nil && excludedExtensions.isEmpty && directory == nil && !excludesEmpty }

    /// `Directory` names one level unless `Recursive` says otherwise: files in deeper ones are not in it.
    func accepts(_ file: File) -> Bool {
        let name = file.name.lowercased()
        if let extensions, !extensions.contains(where: name.hasSuffix) { return false }
        if excludedExtensions.contains(where: name.hasSuffix) { return false }
        if excludesEmpty, file.size == 0 { return false }
        guard let directory else { return true }
        let parent = file.path.split(separator: "/").dropLast().joined(separator: "/")
        return parent == directory || isRecursive && (directory.isEmpty || parent.hasPrefix(directory + "/"))
    }
}
