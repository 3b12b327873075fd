extension API {
    static let genomeRoutes = [
        Route("GET", "genomes") { api, request in
            let page = Page(request.parameters, sortKeys: ["Id", "SpeciesName", "Build"])
            let items = page.select(from: Genome.all) { genome, key in key == "Build" ? genome.build : genome.species }
            return Envelope.list(
                items.map(\.listed),
                total: Genome.all.count,
                page: page,
                for: request,
                services: api.services
            )
        },
        Route("GET", "genomes/{id}") { api, request in
            let genome = try api.genome(request)
            return Envelope.object(genome.full, for: request, services: api.services)
        },
        Route("GET", "genomes/{id}/annotations") { api, request in
            _ = try api.genome(request)
            let page = Page(request.parameters)
            return Envelope.list([], total: 0, page: page, for: request, services: api.services)
        },
    ]

    private func genome(_ request: APIRequest) throws(APIError) -> Genome {
        guard let genome = Genome.all.first(where: { $0.id == request.id }) else {
            throw services.unknown("Genome", request.captures.first)
        }
        return genome
    }
}
