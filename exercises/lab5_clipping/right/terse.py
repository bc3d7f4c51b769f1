import torch
from functools import reduce, partial
global_norm=lambda G:reduce(lambda a,g:torch.hypot(a,g.norm())if a is not None else g.norm(),[g for g in G if g is not None],None)if(G:=[*G])and any(g is not None for g in G)else torch.tensor(0.)
def clip_by_norm(G,M):
    G=[*G];N=global_norm(G);return[g if g is None else g*(M/(N+1e-6)).clamp(max=1)for g in G],N
clip_by_value=lambda G,L:[g if g is None else g.clamp(-L,L)for g in G]
def clip_model_(m,M):
    P=[p for p in m.parameters()if p.grad is not None];C,N=clip_by_norm([p.grad.detach()for p in P],M)
    for p,c in zip(P,C):p.grad.detach().copy_(c)
    return N
def norms_around_clipping(m,x,y,f,M):
    m.zero_grad();f(m(x),y).backward();return clip_model_(m,M).item(),global_norm(p.grad for p in m.parameters()).item()
detach_state=lambda s:s if s is None else s.detach()if torch.is_tensor(s)else type(s)(detach_state(i)for i in s)
first=lambda o:o[0]if isinstance(o,tuple)else o
def step(f,y,o,opt,m,M):
    opt.zero_grad();l=f(o,y);l.backward();n=clip_model_(m,M);opt.step();return{"loss":l.item(),"norm":n.item()}
def training_step(m,x,y,f,opt,M):return step(f,y,first(m(x)),opt,m,M)
def tbptt(m,x,y,f,opt,c,M,s=None):
    if x.shape[1]==0:return[]
    o,s=m(x[:,:c],s);l=step(f,y[:,:c],o,opt,m,M)["loss"];return[l]+tbptt(m,x[:,c:],y[:,c:],f,opt,c,M,detach_state(s))
def mean(R):n=sum(r[2]for r in R);return{"loss":sum(r[0]*r[2]for r in R)/n,"accuracy":sum(r[1]for r in R)/n}
def train_classifier(m,L,f,opt,E,M=5.):
    m.train();return[mean([(step(f,y,o:=first(m(x)),opt,m,M)["loss"],(o.argmax(1)==y).sum().item(),len(y))for x,y in L])for _ in range(E)]
def evaluate(m,L,f):
    k=[(a,a.training)for a in m.modules()];m.eval()
    with torch.no_grad():R=[(f(o:=first(m(x)),y).item(),(o.argmax(1)==y).sum().item(),len(y))for x,y in L]
    for a,t in k:a.training=t
    return mean(R)
