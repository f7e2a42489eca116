"""What a process of FastAPI and uvicorn costs before it does anything: the peer of bench `idle`."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/livez")
async def livez() -> dict[str, str]:
    return {"status": "alive"}
